import MayflyModel
import MayflyPolicy

/// An expression that is accepted has a value or an error, the same each time, within its budget and its bounds.
enum CELCheck {
    private static let object = CELObjectType(
        name: "request",
        fields: [
            .init("amount", .int), .init("note", .string, isOptional: true), .init("labels", .map(.string, .string)),
        ])
    private static let environment = CELEnvironment([
        .init("request", .object(object)), .init("now", .timestamp), .init("l", .list(.int)), .init("s", .string),
        .init("d", .dyn),
    ])
    private static let activation = CELActivation([
        .object(CELObject(slots: [.int(250), nil, .map(CELMap(["team": .string("red")]))])),
        CELTimestamp(seconds: 1_795_228_284).map { .timestamp($0) }, .list([.int(1), .int(2), .int(0)]),
        .string("h\u{E9}llo"), .map(CELMap(["a": .array([.integer(1), .null, .string("b")])])),
    ])

    static func run(_ bytes: [UInt8]) {
        guard let source = String(validating: bytes, as: UTF8.self) else { return }
        let limits = CELLimits.standard
        let expression: CELExpression
        do {
            expression = try CELExpression.compile(source, in: environment)
        } catch {
            require((0...bytes.count).contains(error.position.offset), "the place is in the text")
            require(error.position.line >= 1 && error.position.column >= 1, "lines and columns count from one")
            require(error.description.utf8.count < 4096, "the message is bounded")
            return
        }
        require(bytes.count <= limits.sourceBytes, "the source is bounded")
        require(expression.cost <= limits.cost, "the cost is bounded")
        let first = evaluate(expression)
        require(first == evaluate(expression), "the same facts give the same result")
        checkAsCondition(expression)
    }

    private static func evaluate(_ expression: CELExpression) -> String {
        var budget = CELBudget()
        let result = expression.evaluate(activation, budget: &budget)
        require((0...CELLimits.standard.steps).contains(budget.remaining), "no more is spent than there is")
        switch result {
        case .success(let value):
            require(value.description.utf8.count <= CELValue.descriptionBytes + 3, "the rendering is bounded")
            return value.description
        case .failure(let error):
            require((0...expression.source.utf8.count).contains(error.offset), "an error has a place")
            return error.description
        }
    }

    private static func checkAsCondition(_ expression: CELExpression) {
        let condition = try? CELExpression.compile(expression.source, in: environment, expecting: .bool)
        require((condition != nil) == (expression.type == .bool || expression.type == .dyn), "the type decides")
        guard let condition else { return }
        var budget = CELBudget()
        guard case .success(let value) = condition.evaluate(activation, budget: &budget) else { return }
        require(value == .bool(true) || value == .bool(false), "a condition is true or false")
    }
}
