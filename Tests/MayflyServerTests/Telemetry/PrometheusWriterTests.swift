import MayflyBroker
import MayflyServer
import Testing

@Suite struct PrometheusWriterTests {
    private func text(_ write: (inout PrometheusWriter) -> Void) -> String {
        var writer = PrometheusWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func aHistogramCountsUpwardsAndEndsAtInfinity() {
        let histogram = Histogram(bounds: [1_000_000, 500_000_000])
        for value in [1_000_000, 1_000_001, 600_000_000] as [UInt64] { histogram.observe(value) }
        let written = text {
            $0.family("d_seconds", .histogram, "How long.")
            $0.histogram(
                "d_seconds", histogram.reading, bounds: histogram.bounds, scale: 1e9, [("http_route", "/a")])
        }
        #expect(
            written == """
                # HELP d_seconds How long.
                # TYPE d_seconds histogram
                d_seconds_bucket{http_route="/a",le="0.001"} 1
                d_seconds_bucket{http_route="/a",le="0.5"} 2
                d_seconds_bucket{http_route="/a",le="+Inf"} 3
                d_seconds_sum{http_route="/a"} 0.602000001
                d_seconds_count{http_route="/a"} 3

                """)
    }

    @Test func whatWouldEndALabelOrALineIsEscaped() {
        let written = text {
            $0.family("a", .gauge, "one\ntwo \\ \"three\"")
            $0.sample("a", 1 as UInt64, [("l", "\"\\\n"), ("m", "é")])
        }
        #expect(written == "# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na{l=\"\\\"\\\\\\n\",m=\"é\"} 1\n")
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-3, "-3"), (0.25, "0.25"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1_795_262_861.5, "1795262861.5"),
    ])
    func aNumberIsSpelledAsPrometheusReadsIt(_ number: Double, _ spelled: String) {
        #expect(text { $0.sample("a", number) } == "a \(spelled)\n")
    }

    @Test func aCounterShowsEachOfItsValuesFromTheBeginning() {
        let counts = CounterSet<CacheResult>()
        counts.add(.miss, 7)
        #expect(
            text { $0.counters("k_total", "result", counts) }
                == "k_total{result=\"hit\"} 0\nk_total{result=\"miss\"} 7\n")
    }
}
