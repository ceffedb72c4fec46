import MayflyModel
import MayflyPolicy

/// The variables and facts that the tests of the condition language share.
enum Sample {
    static let item = CELObjectType(
        name: "item", fields: [.init("name", .string), .init("price", .double, isOptional: true)])
    static let owner = CELObjectType(name: "owner", fields: [.init("name", .string)])
    static let request = CELObjectType(
        name: "request",
        fields: [
            .init("amount", .int), .init("currency", .string), .init("note", .string, isOptional: true),
            .init("labels", .map(.string, .string)), .init("items", .list(.object(item))), .init("at", .timestamp),
            .init("extra", .dyn, isOptional: true),
        ])
    static let agent = CELObjectType(
        name: "agent",
        fields: [.init("risk", .string), .init("roles", .list(.string)), .init("owner", .object(owner))])

    static let environment = CELEnvironment([
        .init("request", .object(request)), .init("agent", .object(agent)), .init("now", .timestamp),
        .init("b", .bool), .init("i", .int), .init("u", .uint), .init("x", .double), .init("s", .string),
        .init("o", .bytes), .init("l", .list(.int)), .init("m", .map(.string, .int)), .init("d", .dyn),
        .init("f", .dyn), .init("span", .duration), .init("unset", .int), .init("many", .list(.int)),
        .init("long", .string),
    ])

    /// 2026-11-21, a Saturday.
    static let now = CELTimestamp(text: "2026-11-21T22:05:09.25Z")
    static let itemValue = CELObject(slots: [.string("cable"), .double(9.5)])

    static let activation = CELActivation([
        .object(
            CELObject(slots: [
                .int(250), .string("EUR"), nil, .map(CELMap(["team": .string("red")])),
                .list([.object(itemValue), .object(CELObject(slots: [.string("gift"), nil]))]),
                now.map { .timestamp($0) }, .int(7),
            ])),
        .object(
            CELObject(slots: [
                .string("high"), .list([.string("payer"), .string("reader")]),
                .object(CELObject(slots: [.string("Ada")])),
            ])),
        now.map { .timestamp($0) }, .bool(true), .int(-3), .uint(3), .double(2.5), .string("héllo"),
        .bytes([0, 255]), .list([1, 2, 3].map { .int($0) }), .map(CELMap(["one": .integer(1), "two": .integer(2)])),
        .string("dynamic"),
        .double(2), CELDuration(seconds: 90).map { .duration($0) }, nil,
        .list((0..<4096).map { .int($0) }), .string(String(repeating: "a", count: 40_000)),
    ])

    static func compile(_ source: String, limits: CELLimits = .standard) throws(CELError) -> CELExpression {
        try CELExpression.compile(source, in: environment, limits: limits)
    }

    static func evaluate(
        _ source: String, limits: CELLimits = .standard
    ) throws(CELError) -> Result<CELValue, CELEvaluationError> {
        var budget = CELBudget(limits)
        return try compile(source, limits: limits).evaluate(activation, budget: &budget)
    }

    /// What became of an expression, as a table can hold it: the value as it is rendered, which tells its type too, or
    /// `error: ` and the problem.
    static func outcome(_ source: String, limits: CELLimits = .standard) throws(CELError) -> String {
        switch try evaluate(source, limits: limits) {
        case .success(let value): value.description
        case .failure(let error): "error: \(error.problem.rawValue)"
        }
    }

    /// The problem that an expression is refused with, or nil when it is accepted.
    static func problem(_ source: String, limits: CELLimits = .standard) -> CELProblem? {
        do {
            _ = try compile(source, limits: limits)
            return nil
        } catch {
            return error.problem
        }
    }

    /// `text` with its type hidden from the checker, as other implementations' `dyn()` does.
    static func hidden(_ text: String) -> String { "[\(text), null, true, 0][0]" }
}
