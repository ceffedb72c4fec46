import MayflyModel
import Testing

@Suite struct FieldsTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T02:31:24.000Z", 1_795_228_284_000),
            ("1985-04-12T23:20:50.52Z", 482_196_050_520), ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000), ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999),
            ("2026-01-01T00:00:00-00:00", 1_767_225_600_000), ("2026-01-01T00:00:00.0009Z", 1_767_225_600_000),
            ("0001-01-01T23:59:00+23:59", -62_135_596_800_000),
        ] as [(String, Int64)])
    func readsRFC3339(text: String, milliseconds: Int64) {
        #expect(RFC3339.parse(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T02:31:24", "2026-11-21 02:31:24Z", "2026-11-21t02:31:24z",
        "2026-11-21T02:31:24Zx", "2026-11-21T02:31Z", "2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z",
        "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "2026-11-21T02:31:24.Z", "2026-11-21T02:31:24.0123456789Z",
        "2026-11-21T02:31:24,5Z", "2026-11-21T02:31:24+2400", "2026-11-21T02:31:24+24:00", "2026-11-21T02:31:24+02:60",
        "2026-11-21T02:31:24+02", "2026-11-21T02:31:24", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "２026-11-21T02:31:24Z", "2026-11-21T02:31:24Z\0", "+026-11-21T02:31:24Z",
    ])
    func refusesAnyOtherText(text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test(
        arguments: [
            (1_795_228_284_000, "2026-11-21T02:31:24.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (.min, "0001-01-01T00:00:00.000Z"),
            (.max, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func writesMillisecondsInUTC(milliseconds: Int64, text: String) {
        #expect(RFC3339.format(Timestamp(milliseconds: milliseconds)) == text)
    }

    @Test func countsEveryDayOfFourCenturies() {
        var days: Int64 = -62_135_596_800 / 86_400
        for year in 1...401 {
            for month in 1...12 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
                let length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
                for day in 1...length {
                    func padded(_ number: Int, _ width: Int) -> String {
                        String(repeating: "0", count: width - String(number).count) + String(number)
                    }
                    let text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T00:00:00.000Z"
                    let moment = Timestamp(seconds: days * 86_400)
                    if RFC3339.parse(text) != moment || RFC3339.format(moment) != text {
                        Issue.record("day \(days) is \(text)")
                        return
                    }
                    days += 1
                }
            }
        }
    }

    @Test(arguments: [0x6D61_7966_6C79, 5] as [UInt64])
    func whatIsWrittenReadsBackEqual(seed: UInt64) {
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        for _ in 0..<5000 {
            let moment = Timestamp(
                milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &random))
            #expect(RFC3339.parse(RFC3339.format(moment)) == moment)
        }
    }
}
