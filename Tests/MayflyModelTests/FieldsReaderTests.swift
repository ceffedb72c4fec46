import MayflyModel
import Testing

private enum Level: String, CaseIterable {
    case low, high
}

@Suite struct FieldsReaderTests {
    private func reader(_ text: String) throws -> FieldReader {
        FieldReader(try JSONParser.parseObject(Array(text.utf8)))
    }

    /// The problem with member `a` of the object.
    private func problem(
        _ text: String, _ body: (inout FieldReader) throws(FieldError) -> Void
    ) throws -> FieldProblem? {
        var reader = try reader(text)
        do {
            try body(&reader)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test func readsWhatIsThere() throws {
        var reader = try reader(
            #"""
            {"s":"é","i":5,"b":false,"l":["x","y"],"o":{"k":"v"},"id":"agent:a","ids":["role:a","role:b"],"c":"high",
             "t":"2026-11-21","u":"2026-11-21T02:31:24+01:00","d":"5m","v":[1,null]}
            """#)
        #expect(try reader.string("s", maximum: 2) == "é")
        #expect(try reader.integer("i", in: 5...5) == 5)
        #expect(try reader.optionalBool("b") == false)
        #expect(try reader.strings("l", maximumCount: 2, maximumLength: 1) == ["x", "y"])
        var inner = try #require(try reader.object("o"))
        #expect(try inner.optionalString("k") == "v")
        try inner.finish()
        #expect(try reader.identifier("id", AgentID.self).text == "agent:a")
        #expect(try reader.identifiers("ids", maximumCount: 2, RoleID.self)?.map(\.name) == ["a", "b"])
        #expect(try reader.choice("c", Level.self) == .high)
        #expect(try reader.timestamp("t") == RFC3339.parse("2026-11-21T00:00:00Z"))
        #expect(try reader.timestamp("u") == RFC3339.parse("2026-11-21T01:31:24Z"))
        #expect(try reader.duration("d", in: 0...300) == 300)
        #expect(try reader.values("v", maximumCount: 2)?.map(\.path.description) == ["v[0]", "v[1]"])
        try reader.finish()
    }

    @Test func absentAndNullAreTheSame() throws {
        var reader = try reader(#"{"a":null}"#)
        #expect(reader.take("a") == nil)
        #expect(try reader.optionalString("a") == nil)
        #expect(try reader.optionalInteger("b", in: 0...1) == nil)
        #expect(try reader.optionalBool("a") == nil)
        #expect(try reader.strings("a", maximumCount: 1, maximumLength: 1) == nil)
        #expect(try reader.values("a", maximumCount: 1) == nil)
        #expect(try reader.object("a") == nil)
        #expect(try reader.optionalIdentifier("a", AgentID.self) == nil)
        #expect(try reader.identifiers("a", maximumCount: 1, AgentID.self) == nil)
        #expect(try reader.choice("a", Level.self) == nil)
        #expect(try reader.timestamp("a") == nil)
        #expect(try reader.duration("a", in: 0...1) == nil)
        try reader.finish()
        #expect(throws: FieldError(path: .root.member("a"), problem: .missing)) { try reader.string("a") }
        #expect(throws: FieldError(path: .root.member("b"), problem: .missing)) { try reader.integer("b", in: 0...1) }
        #expect(throws: FieldError(path: .root.member("a"), problem: .missing)) {
            try reader.identifier("a", AgentID.self)
        }
    }

    @Test func refusesWhatNobodyAskedFor() throws {
        var reader = try reader(#"{"a":1,"max":2,"z":3}"#)
        _ = reader.take("a")
        _ = reader.take("maximum")
        let error = FieldError(path: .root.member("max"), problem: .unknown(allowed: ["a", "maximum"]))
        #expect(throws: error) { try reader.finish() }
        #expect(error.description == "max: is not known; accepted here: a, maximum")
        #expect(throws: FieldError(path: .root.member("a"), problem: .unknown(allowed: []))) {
            try self.reader(#"{"a":null}"#).finish()
        }
    }

    /// `K` and the Kelvin sign are one name to `String ==`.
    @Test func namesAreComparedAsBytes() throws {
        var reader = try reader("{\"\u{212A}\":1}")
        #expect(reader.take("K") == nil)
        #expect(throws: FieldError.self) { try reader.finish() }
    }

    @Test(arguments: ["1", "true", "[]", "{}", "1.5"])
    func refusesTheWrongType(value: String) throws {
        let text = #"{"a":\#(value)}"#
        let string = FieldProblem.wrongType(expected: "a string")
        #expect(try problem(text) { r throws(FieldError) in _ = try r.string("a") } == string)
        #expect(try problem(text) { r throws(FieldError) in _ = try r.identifier("a", AgentID.self) } == string)
        #expect(try problem(text) { r throws(FieldError) in _ = try r.choice("a", Level.self) } == string)
        #expect(try problem(text) { r throws(FieldError) in _ = try r.timestamp("a") } == string)
        #expect(
            try problem(#"{"a":[\#(value)]}"#) { r throws(FieldError) in
                _ = try r.strings("a", maximumCount: 1, maximumLength: 9)
            } == string)
        let quoted = #"{"a":"\#(value)"}"#
        #expect(
            try problem(quoted) { r throws(FieldError) in _ = try r.integer("a", in: 0...9) }
                == .wrongType(expected: "a whole number"))
        #expect(
            try problem(quoted) { r throws(FieldError) in _ = try r.optionalBool("a") }
                == .wrongType(expected: "true or false"))
        #expect(
            try problem(quoted) { r throws(FieldError) in _ = try r.values("a", maximumCount: 1) }
                == .wrongType(expected: "an array"))
        #expect(
            try problem(quoted) { r throws(FieldError) in _ = try r.object("a") } == .wrongType(expected: "an object"))
    }

    @Test func countsBytesAndElements() throws {
        #expect(
            try problem(#"{"a":"éé"}"#) { r throws(FieldError) in _ = try r.string("a", maximum: 3) }
                == .tooLong(maximum: 3))
        #expect(
            try problem(#"{"a":["x","y"]}"#) { r throws(FieldError) in
                _ = try r.strings("a", maximumCount: 1, maximumLength: 1)
            } == .tooMany(maximum: 1))
        #expect(
            try problem(#"{"a":10}"#) { r throws(FieldError) in _ = try r.integer("a", in: 1...9) }
                == .outOfRange(minimum: 1, maximum: 9))
    }

    @Test(arguments: [#"\u0000"#, #"\n"#, #"\u001b[2J"#, #"\u007f"#, #"\u0085"#, #"\u009b"#])
    func refusesControlCharacters(escape: String) throws {
        #expect(throws: FieldError.self) {
            var reader = try self.reader(#"{"a":"x\#(escape)"}"#)
            _ = try reader.string("a")
        }
    }

    @Test func refusesDuplicatesInLists() throws {
        var reader = try reader(#"{"s":["x","y","x"],"i":["role:a","role:a"],"u":["\u00e9","e\u0301"]}"#)
        #expect(throws: FieldError(path: .root.member("s").element(2), problem: .duplicate)) {
            try reader.strings("s", maximumCount: 9, maximumLength: 9)
        }
        #expect(throws: FieldError(path: .root.member("i").element(1), problem: .duplicate)) {
            try reader.identifiers("i", maximumCount: 9, RoleID.self)
        }
        #expect(try reader.strings("u", maximumCount: 9, maximumLength: 9)?.count == 2)
    }

    @Test(
        arguments: [
            ("0", 0), (#""0s""#, 0), (#""300s""#, 300), (#""5m""#, 300), (#""1h""#, 3600), (#""7d""#, 604_800),
            (#""""#, nil), (#""s""#, nil), (#""5""#, nil), (#""-5m""#, nil), (#""+5m""#, nil), (#""5 m""#, nil),
            (#""5M""#, nil), (#""1.5h""#, nil), (#""1h5m""#, nil), (#""5w""#, nil), (#""٥m""#, nil), ("1.5", nil),
            (#""9223372036854775807d""#, nil), (#""99999999999999999999s""#, nil), ("-1", nil), ("604801", nil),
            ("true", nil), (#""5é""#, nil),
        ] as [(String, Int64?)])
    func readsSpans(value: String, seconds: Int64?) throws {
        var reader = try reader(#"{"a":\#(value)}"#)
        #expect((try? reader.duration("a", in: 0...604_800)) == seconds)
    }

    @Test(arguments: ["medium", "HIGH", "", "low "])
    func aChoiceIsOneOfItsNames(text: String) throws {
        var reader = try reader(#"{"a":"\#(text)"}"#)
        #expect(throws: FieldError(path: .root.member("a"), problem: .invalid(rule: "must be one of: low, high"))) {
            try reader.choice("a", Level.self)
        }
    }

    @Test func pathsNeverPrintWhatANameMayHide() {
        #expect(FieldPath.root.description == "(document)")
        #expect(FieldPath.root.element(3).description == "[3]")
        #expect(FieldPath.root.member("agents").element(0).member("owner").description == "agents[0].owner")
        for name in ["", "a b", "a\u{1B}[2J", "é", "a\n", "x:y", String(repeating: "a", count: 41)] {
            #expect(FieldPath.root.member("a").member(name).description == "a.?")
        }
    }

    @Test func errorsNeverRepeatAValue() throws {
        let secret = "hunter2-hunter2"
        var reader = try reader(#"{"id":"\#(secret)","c":"\#(secret)","t":"\#(secret)","d":"\#(secret)"}"#)
        var errors: [FieldError] = []
        do { _ = try reader.identifier("id", AgentID.self) } catch { errors.append(error) }
        do { _ = try reader.choice("c", Level.self) } catch { errors.append(error) }
        do { _ = try reader.timestamp("t") } catch { errors.append(error) }
        do { _ = try reader.duration("d", in: 0...1) } catch { errors.append(error) }
        #expect(errors.count == 4)
        for error in errors { #expect(!error.description.contains(secret)) }
    }

    @Test func exactlyTheControlCharactersOfUnicodeAreRefused() throws {
        for value in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var fields = FieldReader(["name": .string("a\(Character(scalar))b")])
            let isControl = scalar.properties.generalCategory == .control
            #expect((try? fields.string("name")) == nil ? isControl : !isControl, "U+\(String(value, radix: 16))")
        }
    }

    @Test func membersAreFoundInWhateverOrderTheyAreAskedFor() throws {
        let names = (0..<40).map { "member-\($0)" }
        var object = JSONObject()
        for (index, name) in names.enumerated() { object[name] = .integer(Int64(index)) }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20 {
            var fields = FieldReader(object)
            for name in names.shuffled(using: &generator).dropLast() {
                let index = try #require(names.firstIndex(of: name))
                #expect(try fields.integer(name, in: 0...99) == Int64(index))
                #expect(try fields.optionalInteger(name + "x", in: 0...99) == nil)
            }
            #expect(throws: FieldError.self) { try fields.finish() }
        }
    }
}
