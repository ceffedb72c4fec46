import MayflyModel
import MayflyPolicy
import Testing

/// Timestamps and durations: text, arithmetic, order, fields and ranges.
@Suite struct CELTimeTests {
    @Test(
        arguments: [
            ("string(timestamp('2009-02-13T23:31:30Z'))", #""2009-02-13T23:31:30Z""#),
            ("string(timestamp('2009-02-13T23:31:30+05:30'))", #""2009-02-13T18:01:30Z""#),
            ("string(timestamp('9999-12-31T23:59:59.999999999Z'))", #""9999-12-31T23:59:59.999999999Z""#),
            ("string(timestamp('2026-01-01T00:00:00.000120Z'))", #""2026-01-01T00:00:00.00012Z""#),
            ("string(timestamp('1969-12-31T23:59:59.9Z'))", #""1969-12-31T23:59:59.9Z""#),
            ("int(timestamp('2009-02-13T23:31:30Z'))", "1234567890"),
            ("timestamp(0)", #"timestamp("1970-01-01T00:00:00Z")"#),
            ("timestamp(-62135596800)", #"timestamp("0001-01-01T00:00:00Z")"#),
            ("timestamp(-62135596801)", "error: outOfRange"),
            ("timestamp(253402300800)", "error: outOfRange"), ("timestamp(d)", "error: notConvertible"),
            ("timestamp(timestamp(7)) == timestamp(7)", "true"), ("string(duration('1000000s'))", #""1000000s""#),
            ("string(duration('1m1ms'))", #""60.001s""#), ("string(duration('-1.5h'))", #""-5400s""#),
            ("string(duration('-0.5s'))", #""-0.5s""#), ("string(duration('1h34us'))", #""3600.000034s""#),
            ("duration('0') == duration('0s')", "true"), ("duration('+1.5s') == duration('1500ms')", "true"),
            ("duration(duration('100s')) == duration('100s')", "true"), ("duration(d)", "error: notConvertible"),
            ("duration(\(Sample.hidden("1")))", "error: noOverload"),
            ("timestamp(\(Sample.hidden("1.0")))", "error: noOverload"),
        ])
    func textIsReadAndWritten(_ source: String, _ outcome: String) throws {
        #expect(try Sample.outcome(source) == outcome)
    }

    @Test(
        arguments: [
            "timestamp('2009-02-13T23:00:00Z') + duration('240s') == timestamp('2009-02-13T23:04:00Z')",
            "duration('120s') + timestamp('2009-02-13T23:01:00Z') == timestamp('2009-02-13T23:03:00Z')",
            "timestamp('0001-01-01T00:00:01.000000001Z') + duration('-999999999ns') == timestamp('0001-01-01T00:00:00.000000002Z')",
            "timestamp('2009-02-13T23:10:00Z') - duration('600s') == timestamp('2009-02-13T23:00:00Z')",
            "timestamp('2009-02-13T23:31:00Z') - timestamp('2009-02-13T23:29:00Z') == duration('120s')",
            "duration('600s') + duration('50s') == duration('650s')",
            "duration('900s') - duration('42s') == duration('858s')",
            "timestamp('2009-02-13T23:00:00Z') < timestamp('2009-02-13T23:00:00.000000001Z')",
            "duration('200s') >= duration('200s')",
            "duration('-1ns') < duration('0')", "now > timestamp('2026-01-01T00:00:00Z')",
            "now - request.at == duration('0')",
            "now + duration('30m') - now <= span + duration('29m')",
        ])
    func arithmeticAndOrderHold(_ source: String) throws {
        #expect(try Sample.outcome(source) == "true")
    }

    @Test(
        arguments: [
            "timestamp('0001-01-01T00:00:00Z') + duration('-1ns')",
            "timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')",
            "timestamp('0001-01-01T00:00:00Z') - duration('1s')",
            "duration('200000000000s') + duration('200000000000s')",
            "duration('-200000000000s') - duration('200000000000s')", "timestamp(9223372036854775807)",
        ])
    func resultsPastTheRangeAreErrors(_ source: String) throws {
        #expect(try Sample.outcome(source) == "error: outOfRange")
    }

    @Test(
        arguments: [
            ("getFullYear", 2026), ("getMonth", 10), ("getDate", 21), ("getDayOfMonth", 20), ("getDayOfWeek", 6),
            ("getDayOfYear", 324), ("getHours", 22), ("getMinutes", 5), ("getSeconds", 9), ("getMilliseconds", 250),
        ])
    func fieldsOfATimestampAreInUTC(_ method: String, _ value: Int) throws {
        #expect(try Sample.outcome("now.\(method)()") == "\(value)")
        #expect(Sample.problem("now.\(method)('UTC')") == .leftOut(.timeZones))
    }

    @Test(
        arguments: [
            ("duration('10000s').getHours()", "2"), ("duration('3730s').getMinutes()", "62"),
            ("duration('3730s').getSeconds()", "3730"), ("duration('1.234s').getMilliseconds()", "234"),
            ("duration('-90s').getMinutes()", "-1"), ("timestamp('0001-01-01T00:00:00Z').getDayOfWeek()", "1"),
            ("timestamp('2024-02-29T00:00:00Z').getDayOfYear()", "59"),
            ("timestamp('1969-12-31T23:59:59Z').getSeconds()", "59"),
            ("d.getHours()", "error: noOverload"), ("\(Sample.hidden("span")).getFullYear()", "error: noOverload"),
        ])
    func fieldsYield(_ source: String, _ outcome: String) throws {
        #expect(try Sample.outcome(source) == outcome)
    }

    @Test(
        arguments: [
            "", "1", "s", "-", "+", "1d", "1w", "1 s", "1s ", "1.s5", ".s", ".", "1h-1m", "00", "1e3s", "320000000000s",
            "-320000000000s", "99999999999999999999s", "1µs", "1S", "315576000001s",
        ])
    func textThatIsNoDurationIsRefused(_ text: String) throws {
        #expect(CELDuration(text: text) == nil)
        #expect(Sample.problem("duration('\(text)')") == .invalidLiteral(function: "duration"))
    }

    @Test(
        arguments: [
            "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01t00:00:00z",
            "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:59:60Z", "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.0123456789Z",
            "2026-01-01T00:00:00+0100",
            "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        ])
    func textThatIsNoTimestampIsRefused(_ text: String) throws {
        #expect(CELTimestamp(text: text) == nil)
        #expect(Sample.problem("timestamp('\(text)')") == .invalidLiteral(function: "timestamp"))
    }

    @Test func theRangesEndWhereTheyShould() {
        #expect(CELDuration(seconds: 315_576_000_000)?.text == "315576000000s")
        #expect(CELDuration(seconds: 315_576_000_001) == nil)
        #expect(CELDuration(seconds: -315_576_000_000)?.text == "-315576000000s")
        #expect(CELDuration(seconds: .min) == nil)
        #expect(CELTimestamp(seconds: 0, nanoseconds: 1_000_000_000) == nil)
        #expect(CELTimestamp(seconds: 0, nanoseconds: -1) == nil)
        #expect(CELTimestamp(Timestamp(milliseconds: -1))?.text == "1969-12-31T23:59:59.999Z")
        #expect(CELTimestamp(Timestamp(milliseconds: .max)) == nil)
        #expect(CELTimestamp(Timestamp(milliseconds: .min)) == nil)
    }
}
