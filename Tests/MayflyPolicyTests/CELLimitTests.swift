import MayflyPolicy
import Testing

/// Each bound holds at itself and not one past it.
@Suite struct CELLimitTests {
    private static func row(_ count: Int, _ word: String, _ separator: String) -> String {
        Array(repeating: word, count: count).joined(separator: separator)
    }

    @Test func theSourceIsBounded() {
        let limit = CELLimits.standard.sourceBytes
        #expect(limit == 4096)
        #expect(Sample.problem("1" + String(repeating: " ", count: limit - 1)) == nil)
        #expect(Sample.problem("1" + String(repeating: " ", count: limit)) == .sourceTooLong(maximum: limit))
        #expect(Sample.problem(String(repeating: "(", count: 10_000_000)) == .sourceTooLong(maximum: limit))
    }

    @Test func namesAreBounded() {
        let limit = CELLimits.standard.nameBytes
        #expect(limit == 64)
        let name = String(repeating: "n", count: limit)
        #expect(Sample.problem(name) == .unknownVariable(name))
        #expect(Sample.problem(name + "n") == .nameTooLong(maximum: limit))
    }

    @Test(
        arguments: [
            ("(", "1", ")"), ("[", "1", "]"), ("{1: ", "1", "}"), ("b ? 1 : ", "1", ""), ("size([", "1", "])"),
            ("l[", "0", "]"), ("", "1", " + 1"), ("", "d", ".a"), ("", "d", "[0]"), ("", "s", ".size()"),
            ("1 + (", "1", ")"), ("!(", "b", ")"),
            ("[1].all(e, ", "true", ")"), ("has(", "m.a", ")"), ("(!", "b", ")"), ("string(", "1", ")"),
        ])
    func depthIsBounded(_ before: String, _ middle: String, _ after: String) {
        let limit = CELLimits.standard.depth
        #expect(limit == 32)
        func nested(_ count: Int) -> String {
            String(repeating: before, count: count) + middle + String(repeating: after, count: count)
        }
        #expect(Sample.problem(nested(limit)) == .tooDeep(maximum: limit))
        // Some of these are two levels each.
        for count in 0..<limit / 2 { #expect(Sample.problem(nested(count)) != .tooDeep(maximum: limit)) }
        #expect(Sample.problem(nested(4096 / (before.utf8.count + after.utf8.count) - 2)) == .tooDeep(maximum: limit))
    }

    @Test func depthHoldsAtItsBound() throws {
        let limit = CELLimits.standard.depth
        let inside = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(Sample.problem(inside) == nil)
        #expect(Sample.problem("[" + inside + "]") == .tooDeep(maximum: limit))
        #expect(try Sample.outcome(Self.row(limit, "1", " + ")) == "\(limit)")
        #expect(Sample.problem(Self.row(limit + 1, "1", " + ")) == .tooDeep(maximum: limit))
    }

    @Test func longRowsAreNotDeep() throws {
        #expect(try Sample.outcome(Self.row(200, "b", " && ")) == "true")
        #expect(try Sample.outcome(Self.row(200, "!b", " || ")) == "false")
        #expect(try Sample.outcome(String(repeating: "!", count: 2000) + "b") == "true")
        #expect(try Sample.outcome(String(repeating: "-", count: 2001) + "i") == "3")
        #expect(try Sample.outcome(Self.row(24, "b ? 1", " : ") + " : 2") == "1")
    }

    @Test func nodesAreBounded() {
        let limit = CELLimits.standard.nodes
        #expect(limit == 512)
        #expect(Sample.problem(Self.row(limit - 1, "b", "&&")) == nil)
        #expect(Sample.problem(Self.row(limit, "b", "&&")) == .tooManyNodes(maximum: limit))
    }

    @Test func literalsAreBounded() {
        let limit = CELLimits.standard.literalElements
        #expect(limit == 256)
        #expect(Sample.problem("[" + Self.row(limit, "1", ",") + "]") == nil)
        #expect(Sample.problem("[" + Self.row(limit + 1, "1", ",") + "]") == .tooManyElements(maximum: limit))
        var limits = CELLimits.standard
        limits.literalElements = 3
        #expect(Sample.problem("{1: 1, 2: 2, 3: 3}", limits: limits) == nil)
        #expect(Sample.problem("{1: 1, 2: 2, 3: 3, 4: 4}", limits: limits) == .tooManyElements(maximum: 3))
    }

    @Test func comprehensionsInsideEachOtherAreBounded() {
        #expect(CELLimits.standard.comprehensionDepth == 2)
        #expect(Sample.problem("[1].all(a, [1].exists(c, a == c))") == nil)
        #expect(Sample.problem("[1].all(a, [1].exists(c, [1].map(e, e) == [c]))") == .tooManyComprehensions(maximum: 2))
        // One after the other is not inside each other.
        #expect(Sample.problem("[1].map(a, a).map(a, a).map(a, a).all(a, [1].exists(c, c == a))") == nil)
    }

    @Test func costIsBoundedWhenTheExpressionIsWritten() throws {
        let limit = CELLimits.standard.cost
        #expect(limit == 10_000)
        #expect(Sample.problem("l.all(a, l.all(c, a + c > 0))") == nil)
        #expect(
            Sample.problem("l.all(a, l.all(c, a * a * c + a * c > 0 || a * a * c + a * c < 0))")
                == .tooCostly(maximum: limit))
        var limits = CELLimits.standard
        limits.cost = try Sample.compile("l.all(e, e > 0)").cost
        #expect(Sample.problem("l.all(e, e > 0)", limits: limits) == nil)
        #expect(Sample.problem("l.all(e, e > 0 + 0)", limits: limits) == .tooCostly(maximum: limits.cost))
    }

    @Test func anExpressionOverAssumedSizesKeepsToItsEstimate() throws {
        let limits = CELLimits.standard
        #expect(limits.assumedElements == 32)
        #expect(limits.assumedBytes == 256)
        let text = CELValue.string(String(repeating: "a", count: limits.assumedBytes))
        let environment = CELEnvironment([
            .init("t", .string), .init("l", .list(.string)), .init("m", .map(.string, .string)),
        ])
        let list = [CELValue](repeating: text, count: limits.assumedElements)
        let map = try mapOfTexts(limits)
        let sources = [
            "t == t", "t in l", "l == l", "m == m", "l.all(e, e == t)", "t.contains(t)", "l.map(e, e).all(e, e in m)",
            "m.all(k, m[k] == t)", "l + l == l", "(t + t).size() > 3", "t < t", "l.filter(e, e.endsWith(t)) == l",
            "{t: 1, t + t: 2}[t] == 1", "m.exists(k, l.exists(e, k == e))",
            "[t, t] == l", "bytes(t) == bytes(t)", "has(m.a) || t.startsWith(t)", "l.exists_one(e, size(e) == 0)",
        ]
        for source in sources {
            var generous = limits
            generous.cost = .max
            let expression = try CELExpression.compile(source, in: environment, limits: generous)
            generous.steps = 1_000_000
            var budget = CELBudget(generous)
            _ = expression.evaluate(CELActivation([text, .list(list), .map(map)]), budget: &budget)
            let spent = generous.steps - budget.remaining
            #expect(spent <= expression.cost, "\(source): \(spent) of \(expression.cost)")
        }
    }

    private func mapOfTexts(_ limits: CELLimits) throws -> CELMap {
        let keys = (0..<limits.assumedElements).map { number in
            String(repeating: "k", count: limits.assumedBytes - 2) + "\(number + 10)"
        }
        let text = "{" + keys.map { "'\($0)': '\($0)'" }.joined(separator: ",") + "}"
        var generous = limits
        generous.sourceBytes = 100_000
        generous.cost = .max
        guard case .success(.map(let map)) = try Sample.evaluate(text, limits: generous) else {
            throw CancellationError()
        }
        return map
    }

    @Test func stepsOfAnEvaluationAreBounded() throws {
        #expect(CELLimits.standard.steps == 10_000)
        #expect(try Sample.outcome("many.all(e, e >= 0)") == "error: budgetExceeded")
        #expect(try Sample.outcome("many.exists(e, e == 10)") == "true")
        let expression = try Sample.compile("i + 1 > 0")
        var limits = CELLimits.standard
        limits.steps = 5
        var budget = CELBudget(limits)
        #expect(try expression.evaluate(Sample.activation, budget: &budget).get() == .bool(false))
        #expect(budget.remaining == 0)
        limits.steps = 4
        budget = CELBudget(limits)
        #expect(throws: CELEvaluationError.self) { try expression.evaluate(Sample.activation, budget: &budget).get() }
    }

    @Test(
        arguments: [
            "many.all(e, e >= 0) || true", "many.all(e, e >= 0) && false", "!(many.all(e, e >= 0) || true)",
            "[1, 2].exists(x, many.all(e, e >= 0) || x == 2)", "[1, 2].all(x, many.all(e, e >= 0) && x == 1)",
        ])
    func spendingTooMuchIsNeverAbsorbed(_ source: String) throws {
        #expect(try Sample.outcome(source) == "error: budgetExceeded")
    }

    @Test func whatIsNotReachedIsNotPaidFor() throws {
        #expect(try Sample.outcome("true || many.all(e, e >= 0)") == "true")
        #expect(try Sample.outcome("false && many.all(e, e >= 0)") == "false")
        #expect(try Sample.outcome("b ? 1 : size(many.map(e, e))") == "1")
    }

    @Test func whatAnEvaluationMakesIsBounded() throws {
        #expect(CELLimits.standard.madeBytes == 65_536)
        #expect(CELLimits.standard.madeElements == 4096)
        #expect(try Sample.outcome("size(long + 'a')") == "40001")
        #expect(try Sample.outcome("size(long + long)") == "error: tooLarge")
        #expect(try Sample.outcome("size(bytes(long) + bytes(long)) > 0 || true") == "error: tooLarge")
        #expect(try Sample.outcome("size(many + [])") == "4096")
        #expect(try Sample.outcome("size(many + [1])") == "error: tooLarge")
        var limits = CELLimits.standard
        limits.madeBytes = 4
        #expect(try Sample.outcome("'ab' + 'cd'", limits: limits) == #""abcd""#)
        #expect(try Sample.outcome("'ab' + 'cde'", limits: limits) == "error: tooLarge")
        limits.madeElements = 2
        #expect(try Sample.outcome("l.filter(e, e > 1)", limits: limits) == "[2, 3]")
        #expect(try Sample.outcome("l.filter(e, e > 0)", limits: limits) == "error: tooLarge")
    }

    @Test(
        arguments: [
            "['a', 'b'].map(x, [x + x, x + x]).map(x, [x, x]).map(x, [x, x]).map(x, [x, x]).size() == 2",
            "long.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')",
            "long == long && long == long && long < long",
            "[many, many, many].all(x, x == many)", "many.map(e, many).map(e, e + e).size() > 0",
            "many == many && many == many && many == many",
        ])
    func amplifiersEndWithinTheBudget(_ source: String) throws {
        var limits = CELLimits.standard
        limits.cost = .max
        var budget = CELBudget(limits)
        _ = try Sample.compile(source, limits: limits).evaluate(Sample.activation, budget: &budget)
        #expect((0...limits.steps).contains(budget.remaining))
    }
}
