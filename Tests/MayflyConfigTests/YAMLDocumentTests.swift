import MayflyConfig
import MayflyModel
import Testing

@Suite struct YAMLDocumentTests {
    private func parse(_ text: String) throws -> YAMLDocument {
        try YAMLDocument.parse(Array(text.utf8), file: "f.yaml")
    }

    @Test(
        arguments: [
            ("true", .bool(true)), ("True", .bool(true)), ("FALSE", .bool(false)), ("tRUE", .string("tRUE")),
            ("null", .null), ("~", .null), ("", .null), ("NULL", .null), ("yes", .string("yes")), ("no", .string("no")),
            ("on", .string("on")), ("Off", .string("Off")), ("y", .string("y")), ("0", .integer(0)),
            ("-7", .integer(-7)),
            ("42", .integer(42)), ("9223372036854775808", .number("9223372036854775808")), ("1.50", .number("1.50")),
            ("1e3", .number("1e3")), ("-0.5E-2", .number("-0.5E-2")), ("2026-11-21", .string("2026-11-21")),
            ("12:30:45", .string("12:30:45")), ("1_000", .string("1_000")), ("1.2.3", .string("1.2.3")),
            ("5m", .string("5m")), ("0b11", .string("0b11")), ("0xZ", .string("0xZ")), (".", .string(".")),
            ("1e", .string("1e")), ("1.50 EUR", .string("1.50 EUR")), (".infinity", .string(".infinity")),
            ("'true'", .string("true")), ("\"1\"", .string("1")), ("'~'", .string("~")), ("\"\"", .string("")),
            ("'007'", .string("007")), ("\"a\\tb\\u00e9\"", .string("a\tbé")),
            ("agent:support", .string("agent:support")),
            ("|\n  a\n  b\n", .string("a\nb\n")), (">-\n  1\n", .string("1")),
            ("[1, a]", .array([.integer(1), .string("a")])),
            ("{a: }", .object(["a": .null])), ("a b\n  c", .string("a b c")),
        ] as [(String, JSONValue)])
    func typesScalarsByTheCoreSchema(text: String, value: JSONValue) throws {
        #expect(try parse("k: \(text)\n").value == .object(["k": value]))
    }

    @Test(arguments: [
        "007", "00", "-01", "0x1F", "0o17", "+1", "+0.5", ".5", "-.5", "5.", "5.e3", ".inf", "-.INF", ".NaN", "01.5",
    ])
    func refusesNumbersThatReadersDifferAbout(text: String) {
        #expect(throws: YAMLError(file: "f.yaml", mark: YAMLMark(line: 1, column: 4), problem: .ambiguousNumber)) {
            try parse("k: \(text)\n")
        }
    }

    @Test(
        arguments: [
            ("a: &x 1\n", 1, 4, .alias), ("a: &x [1]\n", 1, 4, .alias), ("a: &x {}\n", 1, 4, .alias),
            ("a: *x\n", 1, 4, .alias), ("&x a: 1\n", 1, 1, .alias), ("a: 1\n*x : 1\n", 2, 1, .alias),
            ("a: !!str 1\n", 1, 4, .tag), ("a: !x [1]\n", 1, 4, .tag), ("!!map {}\n", 1, 1, .tag),
            ("a: ! b\n", 1, 4, .tag),
            ("a: 1\n<<: {b: 1}\n", 2, 1, .mergeKey), ("a: 1\nb: 2\n'a': 3\n", 3, 1, .duplicateKey),
            ("x:\n  - {a: 1, a: 2}\n", 2, 12, .duplicateKey), ("a: 1\n---\nb: 1\n", 2, 1, .severalDocuments),
            ("%YAML 1.1\n---\na: 1\n", 1, 1, .directive), ("\u{FEFF}%TAG ! x\n", 1, 1, .directive),
            ("a: 1\n...\n%TAG ! x\n---\n", 3, 1, .directive), ("#\u{2028}%TAG ! x\n", 1, 1, .directive),
            ("1: a\n", 1, 1, .keyNotText), ("true: a\n", 1, 1, .keyNotText), ("[a]: b\n", 1, 1, .keyNotText),
            ("{a: 1}: b\n", 1, 1, .keyNotText), ("? \n: b\n", 1, 2, .keyNotText), ("007: a\n", 1, 1, .keyNotText),
        ] as [(String, Int, Int, YAMLProblem)])
    func refusesWhatIsNotPlainData(text: String, line: Int, column: Int, problem: YAMLProblem) {
        #expect(throws: YAMLError(file: "f.yaml", mark: YAMLMark(line: line, column: column), problem: problem)) {
            try parse(text)
        }
    }

    @Test func acceptsKeysThatOnlyLookSpecial() throws {
        let text = "on: 1\nyes: 2\n'<<': 3\n'1': 4\n\"true\": 5\n\u{E9}: 6\ne\u{301}: 7\n"
        #expect(try parse(text).value.objectValue?.count == 7)
    }

    @Test(arguments: [
        ("a: [1\n", 2, 1), ("a: b: c\n", 1, 5), ("a: 'x\n", 2, 1), ("\tx: 1\n", 1, 1), ("a: 1\n b: 2\n", 2, 3),
        ("a: @x\n", 1, 4), ("a: %x\n", 1, 4), ("é%: %x\n", 1, 5), ("a: \"\\q\"\n", 1, 5), ("a: \"\\ud800\"\n", 1, 7),
        ("a: é\u{0}\n", 1, 5),
        ("a: 1\nb: \u{1B}[2J\n", 2, 4),
    ])
    func saysWhereTheSyntaxFails(text: String, line: Int, column: Int) {
        let error = #expect(throws: YAMLError.self) { try parse(text) }
        guard case .syntax = error?.problem else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
        #expect(error?.mark == YAMLMark(line: line, column: column), "\(text)")
    }

    @Test(
        arguments: [[0x61, 0x3A, 0x20, 0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF, 0xFE, 0x61, 0x00], [0xC3]]
            as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        #expect(throws: YAMLError.self) { try YAMLDocument.parse(bytes, file: "f.yaml") }
    }

    @Test(arguments: ["", "\n", "# only a comment\n", "---\n", "\u{FEFF}", "---\n...\n"])
    func anEmptyFileIsNull(text: String) throws {
        let document = try parse(text)
        #expect(document.value == .null)
        #expect(throws: YAMLError.self) { try document.reader() }
    }

    @Test func stopsAtEachLimit() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func list(_ count: Int) -> String { String(repeating: "- 1\n", count: count) }
        func map(_ count: Int) -> String { (0..<count).map { "k\($0): 1\n" }.joined() }
        _ = try parse(nested(YAMLDocument.maximumDepth))
        _ = try parse(list(YAMLDocument.maximumNodes - 1))
        _ = try parse(map(YAMLDocument.maximumMembers))
        func problem(_ text: String) -> YAMLProblem? {
            do { _ = try parse(text) } catch { return (error as? YAMLError)?.problem }
            return nil
        }
        #expect(problem(nested(YAMLDocument.maximumDepth + 1)) == .tooDeep)
        #expect(problem(String(repeating: "[", count: YAMLDocument.maximumBytes)) == .tooDeep)
        #expect(problem(String(repeating: "- ", count: 100_000)) == .tooDeep)
        #expect(problem(list(YAMLDocument.maximumNodes)) == .tooManyNodes)
        #expect(problem(map(YAMLDocument.maximumMembers + 1)) == .tooManyMembers)
        #expect(problem("#" + String(repeating: "x", count: YAMLDocument.maximumBytes)) == .tooLarge)
    }

    static let registry = """
        # people
        owners:
          - id: owner:ana
        agents:
          - id: agent:support
            ownr: owner:ana
            limits: {calls: 9,
                     "rate ": 1}
          - id: agent:other
            tags: [a,
              a]
        """

    @Test func marksEveryValue() throws {
        let document = try parse(Self.registry)
        let agents = FieldPath.root.member("agents")
        let expected: [(FieldPath, Int, Int)] = [
            (.root, 2, 1), (.root.member("owners"), 3, 3), (agents, 5, 3), (agents.element(0), 5, 5),
            (agents.element(0).member("id"), 5, 9), (agents.element(0).member("limits").member("calls"), 7, 21),
            (agents.element(1).member("tags").element(1), 11, 7),
        ]
        for (path, line, column) in expected {
            #expect(document.mark(at: path) == YAMLMark(line: line, column: column), "\(path)")
        }
        #expect(document.mark(at: agents.element(2)) == nil)
        #expect(document.mark(at: agents.member("id")) == nil)
        #expect(document.mark(at: .root.member("owners").element(-1)) == nil)
        #expect(document.mark(at: agents.element(0).member("id").element(0)) == nil)
    }

    @Test func reportsPointAtTheKeyTheValueOrTheHolder() throws {
        let document = try parse(Self.registry)
        let agent = FieldPath.root.member("agents").element(0)
        func report(_ path: FieldPath, _ problem: FieldProblem) -> String {
            document.located(FieldError(path: path, problem: problem)).description
        }
        #expect(
            report(agent.member("ownr"), .unknown(allowed: ["id", "owner"]))
                == "f.yaml:6:5: agents[0].ownr: is not known; accepted here: id, owner")
        #expect(report(agent.member("owner"), .missing) == "f.yaml:5:5: agents[0].owner: is required")
        #expect(
            report(agent.member("limits").member("calls"), .outOfRange(minimum: 1, maximum: 5))
                == "f.yaml:7:21: agents[0].limits.calls: must be between 1 and 5")
        #expect(
            report(agent.member("limits").member("rate "), .unknown(allowed: ["calls"]))
                == "f.yaml:8:14: agents[0].limits.?: is not known; accepted here: calls")
        #expect(report(.root, .missing) == "f.yaml:2:1: (document): is required")
    }

    @Test(arguments: [0x6D61_7966_6C79, 6] as [UInt64])
    func neverTrapsOnRandomBytesAndItsValuesAreJSON(seed: UInt64) {
        print("seed \(seed)")
        var state = seed
        func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let pieces = [
            "a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "'", "\"", "\\", "&x", "*x", "!", "|", ">", "#",
            "? ", "---\n", "...", "%", "1", ".", "-", "+", "e", "0x", "~", "<<", "\t", "é", "\u{0}", "\u{FEFF}", "\r",
        ]
        for round in 0..<10_000 {
            let bytes: [UInt8] =
                round % 2 == 0
                ? (0..<below(40)).map { _ in UInt8(below(256)) }
                : (0..<below(30)).flatMap { _ in Array(pieces[below(pieces.count)].utf8) }
            guard let value = try? YAMLDocument.parse(bytes, file: "f").value else { continue }
            #expect((try? JSONParser.parse(JSONWriter.bytes(of: value))) == value, "\(bytes)")
        }
    }

    @Test(
        arguments: [
            ("/nonexistent/f.yaml", .absent), ("/", .notRegular), ("/dev/null", .notRegular),
            ("/etc/passwd\0", .absent),
        ] as [(String, FileProblem)])
    func saysWhyAFileIsNotRead(path: String, problem: FileProblem) {
        #expect(throws: YAMLError(file: path, mark: nil, problem: .unreadable(problem))) {
            try YAMLDocument.load(path)
        }
    }
}
