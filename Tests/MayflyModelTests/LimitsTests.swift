import MayflyModel
import Testing

/// How limits are written, read and refused.
struct LimitsTests {
    private static let whole = #"""
        "max_calls":10,"max_cost":{"amount":"200.00","currency":"USD"},"max_records":500,"timeout":60,"read_only":true,
        "environments":["staging"],"hours":[{"days":["mon","tue"],"from":"08:00","to":"18:00"}]
        """#

    @Test func everyMemberIsReadAndWritten() throws {
        let read = try limits(Self.whole)
        #expect(read.maximumCalls == 10 && read.maximumRecords == 500 && read.timeout == 60 && read.readOnly)
        #expect(read.maximumCost?.amount == DecimalNumber("200") && read.maximumCost?.currency == "USD")
        #expect(read.environments?.elements == [try #require(ExactText("staging"))])
        #expect(try read.hours == hours(#"{"days":["tue","mon"],"from":"08:00","to":"18:00"}"#))
        #expect(
            String(decoding: JSONWriter.bytes(of: read.json), as: UTF8.self)
                == #"{"type":"mayfly_limits","max_calls":10,"max_cost":{"amount":"200","currency":"USD"},"#
                + #""max_records":500,"timeout":60,"read_only":true,"environments":["staging"],"#
                + #""hours":[{"days":["mon","tue"],"from":"08:00","to":"18:00"}]}"#)
        #expect(try limits("").isNone && !read.isNone && read.spends)
        #expect(try !limits(#""timeout":5"#).spends)
    }

    @Test(arguments: [
        ("max_calls", "0"), ("max_calls", "-1"), ("max_calls", "null"), ("max_calls", #""1""#), ("max_calls", "1.0"),
        ("max_calls", "9223372036854775808"), ("max_records", "-1"), ("max_records", "1e3"), ("timeout", "0"),
        ("timeout", "86401"), ("read_only", "1"), ("read_only", "null"), ("environments", "[]"),
        ("environments", #""staging""#), ("environments", #"["a",1]"#), ("environments", #"[""]"#),
        ("max_cost", "1"), ("max_cost", #"{"amount":1,"currency":"USD"}"#),
        ("max_cost", #"{"amount":"-1","currency":"USD"}"#), ("max_cost", #"{"amount":"1","currency":"usd"}"#),
        ("max_cost", #"{"amount":"1","currency":"USD","x":1}"#), ("max_cost", #"{"amount":"1"}"#),
        ("hours", "[]"), ("hours", "{}"), ("hours", #"[{"days":["mon"],"from":"08:00"}]"#),
        ("hours", #"[{"days":[],"from":"08:00","to":"09:00"}]"#),
        ("hours", #"[{"days":["mon"],"from":"08:00","to":"08:00"}]"#),
        ("hours", #"[{"days":["mon"],"from":"22:00","to":"06:00"}]"#),
        ("hours", #"[{"days":["monday"],"from":"08:00","to":"09:00"}]"#),
        ("hours", #"[{"days":["Mon"],"from":"08:00","to":"09:00"}]"#),
        ("hours", #"[{"days":["mon"],"from":"8:00","to":"09:00"}]"#),
        ("hours", #"[{"days":["mon"],"from":"08:60","to":"09:00"}]"#),
        ("hours", #"[{"days":["mon"],"from":"08:00","to":"24:01"}]"#),
        ("hours", #"[{"days":["mon"],"from":"08:00","to":"09:00","tz":"CET"}]"#),
    ])
    func malformedMemberIsNamed(_ member: String, _ value: String) throws {
        #expect(throws: NarrowingError.detailsMalformed(index: 3, member: member)) {
            try limits("\"\(member)\":\(value)", index: 3)
        }
    }

    @Test func boundsHoldOnePast() throws {
        func environments(_ count: Int) -> String {
            #""environments":[\#((0..<count).map { "\"e\($0)\"" }.joined(separator: ","))]"#
        }
        #expect(try limits(environments(Limits.maximumEnvironments)).environments?.count == Limits.maximumEnvironments)
        #expect(throws: NarrowingError.self) { try limits(environments(Limits.maximumEnvironments + 1)) }
        #expect(try limits(#""timeout":\#(Limits.maximumTimeout)"#).timeout == Limits.maximumTimeout)
        #expect(throws: NarrowingError.self) { try limits(#""timeout":\#(Limits.maximumTimeout + 1)"#) }
        func windows(_ count: Int) -> String {
            (0..<count).map { index in
                let hour = index + 1 < 10 ? "0\(index + 1)" : "\(index + 1)"
                return #"{"days":["mon"],"from":"\#(hour):00","to":"\#(hour):30"}"#
            }.joined(separator: ",")
        }
        #expect(try hours(windows(HoursOfUse.maximumWindows))?.windows.count == HoursOfUse.maximumWindows)
        #expect(try hours(windows(HoursOfUse.maximumWindows + 1)) == nil)
    }

    @Test func hoursThatTakeTooManyWindowsToWriteAreRefusedHoweverTheyComeAbout() throws {
        let days = HoursOfUse.Day.allCases
        // Ten stretches that all days share, and seven that each day has of its own: their meet takes 17 or more.
        let shared = (0..<8).compactMap { HoursOfUse.Window(days: days, from: $0 * 120, to: $0 * 120 + 90) }
        let own = days.enumerated().flatMap { number, day in
            [0, 600].compactMap { HoursOfUse.Window(days: [day], from: $0 + number * 11, to: $0 + 400 + number) }
        }
        let (a, b) = (try #require(HoursOfUse(shared)), try #require(HoursOfUse(own)))
        #expect(a.meet(b) == nil)
    }

    @Test func unknownMemberAndWrongTypeAreRefused() throws {
        #expect(throws: NarrowingError.detailsUnknownMember(index: 0)) { try limits(#""max_call":1"#) }
        for text in ["{}", "[]", #"{"type":"limits"}"#, #"{"type":5}"#] {
            #expect(throws: NarrowingError.detailsMalformed(index: 0, member: nil)) {
                try Limits.Request(try parseJSON(text))
            }
        }
    }

    @Test func noResourceDeclaresTheirType() throws {
        let member = try #require(DetailMember(name: "max_calls", order: .max, unit: .integer))
        #expect(throws: DetailSchemaError.reservedType) { try DetailSchema(type: Limits.type, members: [member]) }
    }
}
