import MayflyPolicy
import Testing

/// What the checker refuses, deduces and notes.
@Suite struct CELTypeTests {
    @Test(
        arguments: [
            ("1 + 1u", .wrongOperands(.add, [.int, .uint])), ("1 + 1.0", .wrongOperands(.add, [.int, .double])),
            ("'a' + 1", .wrongOperands(.add, [.string, .int])),
            ("5.5 % 2.0", .wrongOperands(.modulo, [.double, .double])),
            ("'a' - 'b'", .wrongOperands(.subtract, [.string, .string])),
            ("now + now", .wrongOperands(.add, [.timestamp, .timestamp])),
            ("span - now", .wrongOperands(.subtract, [.duration, .timestamp])),
            ("span * 2", .wrongOperands(.multiply, [.duration, .int])),
            ("d + null", .wrongOperands(.add, [.dyn, .null])),
            ("m + m", .wrongOperands(.add, [.map(.string, .int), .map(.string, .int)])),
            ("1 == 'a'", .wrongOperands(.equal, [.int, .string])),
            ("s != null", .wrongOperands(.notEqual, [.string, .null])),
            ("[1] == ['a']", .wrongOperands(.equal, [.list(.int), .list(.string)])),
            ("1 < 'a'", .wrongOperands(.less, [.int, .string])),
            ("null < null", .wrongOperands(.less, [.null, .null])),
            ("[1] >= [0]", .wrongOperands(.greaterOrEqual, [.list(.int), .list(.int)])),
            ("d > [1]", .wrongOperands(.greater, [.dyn, .list(.int)])),
            ("'a' in [1]", .wrongOperands(.isIn, [.string, .list(.int)])),
            ("1 in m", .wrongOperands(.isIn, [.int, .map(.string, .int)])),
            ("1 in 1", .wrongOperands(.isIn, [.int, .int])), ("!1", .wrongOperand(.not, .int)),
            ("-u", .wrongOperand(.subtract, .uint)),
            ("-false", .wrongOperand(.subtract, .bool)), ("b && 1", .notBoolean(.int)),
            ("'a' || b", .notBoolean(.string)), ("s ? 1 : 2", .notBoolean(.string)),
            ("b ? 1 : 'a'", .branchesDiffer(.int, .string)), ("i.a", .notSelectable(.int)),
            ("{1: 2}.a", .notSelectable(.map(.int, .int))), ("has(i.a)", .notSelectable(.int)),
            ("s[0]", .notIndexable(.string)), ("l['a']", .wrongKey(.string)), ("l[1.0]", .wrongKey(.double)),
            ("m[1]", .wrongKey(.int)), ("{1.5: 1}", .wrongKey(.double)),
            ("{[1]: 1}", .wrongKey(.list(.int))), ("{null: 1}", .wrongKey(.null)),
            ("i.all(e, true)", .notIterable(.int)), ("l.all(e, e)", .notBoolean(.int)),
            ("l.all(1, true)", .expectedName), ("l.all(e.f, true)", .expectedName),
            ("l.all(e)", .wrongArgumentCount(function: "all", expected: "a name and an expression")),
            ("l.filter(a, b, true)", .wrongArgumentCount(function: "filter", expected: "a name and an expression")),
            ("has(i)", .expectedSelection), ("has(m['a'])", .expectedSelection),
            ("has()", .wrongArgumentCount(function: "has", expected: "one field selection")),
            ("has(m.a, m.b)", .wrongArgumentCount(function: "has", expected: "one field selection")),
            ("size()", .wrongArgumentCount(function: "size", expected: "one argument")),
            ("s.size(1)", .wrongArgumentCount(function: "size", expected: "one argument")),
            ("now.getHours('UTC', 1)", .wrongArgumentCount(function: "getHours", expected: "no argument")),
            ("s.startsWith()", .wrongArgumentCount(function: "startsWith", expected: "one argument")),
            ("size(1)", .wrongArguments(function: "size", found: [.int])),
            ("s.startsWith(1)", .wrongArguments(function: "startsWith", found: [.string, .int])),
            ("int(true)", .wrongArguments(function: "int", found: [.bool])),
            ("timestamp(1.0)", .wrongArguments(function: "timestamp", found: [.double])),
            ("s.getHours()", .wrongArguments(function: "getHours", found: [.string])),
            ("span.getDate()", .wrongArguments(function: "getDate", found: [.duration])),
            ("startsWith(s, s)", .functionIsMethod("startsWith")), ("s.int()", .unknownMethod("int")),
            ("all(l, e, true)", .unknownFunction("all")), ("request", .objectAsValue("request")),
            ("agent.owner == agent.owner", .objectAsValue("owner")),
            ("[agent]", .objectAsValue("agent")), ("b ? agent : agent", .objectAsValue("agent")),
            ("request.items.map(e, e)", .objectAsValue("item")), ("request['amount']", .objectAsValue("request")),
            ("i == 3 && l.exists(e, q == e)", .unknownVariable("q")),
            ("l.exists(e, true) && e > 0", .unknownVariable("e")),
        ] as [(String, CELProblem)])
    func refuses(_ source: String, _ problem: CELProblem) {
        #expect(Sample.problem(source) == problem)
    }

    @Test(
        arguments: [
            ("1 + i", .int), ("[1, 2]", .list(.int)), ("[1, 'a']", .list(.dyn)), ("[1, d]", .list(.dyn)),
            ("[]", .list(.dyn)), ("[[1], []]", .list(.list(.dyn))), ("{'a': 1}", .map(.string, .int)),
            ("{'a': 1, 2: 'b'}", .map(.dyn, .dyn)), ("[1, 'a'][0]", .dyn),
            ("b ? [1] : []", .list(.dyn)), ("l.map(e, string(e))", .list(.string)),
            ("m.filter(k, true)", .list(.string)), ("d + 1", .dyn), ("d == 1", .bool), ("now - now", .duration),
            ("request.items.filter(e, has(e.price))", .list(.object(Sample.item))), ("request.extra", .dyn),
            ("size(d)", .int), ("[1] + ['a']", .list(.dyn)),
        ] as [(String, CELType)])
    func deduces(_ source: String, _ type: CELType) throws {
        #expect(try Sample.compile(source).type == type)
    }

    @Test func theResultMustBeWhatIsAskedFor() throws {
        let error = #expect(throws: CELError.self) {
            try CELExpression.compile("i + 1", in: Sample.environment, expecting: .bool)
        }
        #expect(error?.problem == .wrongResult(expected: .bool, found: .int))
        let dynamic = try CELExpression.compile("d", in: Sample.environment, expecting: .bool)
        var budget = CELBudget()
        #expect(throws: CELEvaluationError.self) { try dynamic.evaluate(Sample.activation, budget: &budget).get() }
    }

    @Test(
        arguments: [
            ("request.amount > 100 && agent.risk == 'high'", ["request.amount", "agent.risk"]),
            ("agent.owner.name == s || s == 'x'", ["agent.owner.name", "s"]), ("has(request.note)", ["request.note"]),
            ("m.one == 1 && size(m) > 1", ["m.one", "m"]),
            ("request.items.exists(i, i.name == s)", ["request.items", "s"]),
            ("request.items[i].name", ["request.items", "i"]), ("[1].exists(e, e == i) && has(m.a)", ["i", "m.a"]),
            ("1 + 1", []), ("d.a.b[0].c", ["d.a.b"]), ("[5].all(i, i > 0) && i < 0", ["i"]),
        ])
    func referencesAreWhatIsRead(_ source: String, _ references: [String]) throws {
        #expect(try Sample.compile(source).references.map(\.description) == references)
    }

    @Test func anErrorOfEvaluationPointsAtTheInnermostPart() throws {
        var budget = CELBudget()
        let error = #expect(throws: CELEvaluationError.self) {
            try Sample.compile("1 + (i / 0) * 2").evaluate(Sample.activation, budget: &budget).get()
        }
        #expect(error?.description == "division by zero at byte 7")
    }

    @Test func factsOfAnotherShapeAreErrorsAndNoTraps() throws {
        let sources = [
            "request.amount > 1", "has(agent.owner.name)", "agent.roles[0] == 'x'", "request.items.all(e, e.price > 0)",
        ]
        let wrong: [CELValue?] = [nil, .null, .int(1), .object(CELObject(slots: [])), .list([]), .string("")]
        for source in sources {
            let expression = try Sample.compile(source)
            for value in wrong {
                var budget = CELBudget()
                let activation = CELActivation([value, value])
                if case .success(let result) = expression.evaluate(activation, budget: &budget) {
                    // An absent optional field is the one question with an answer.
                    #expect(result == .bool(false), "\(source)")
                }
                budget = CELBudget()
                #expect(throws: CELEvaluationError.self) {
                    try expression.evaluate(CELActivation([]), budget: &budget).get()
                }
            }
        }
    }
}
