/// A condition of a policy rule, checked once and evaluated often.
///
/// The language is the subset of the Common Expression Language that `docs/conditions.md` describes. An evaluation
/// reads the activation it is given, no clock and nothing else, and ends within its budget.
package struct CELExpression: Sendable {
    /// The text as it was written.
    package let source: String
    /// The type of its value, dyn when only an evaluation can tell.
    package let type: CELType
    /// What it reads, each once, in the order of the text.
    package let references: [CELReference]
    /// Steps of an evaluation at worst, for inputs of the sizes that `CELLimits` assumes.
    package let cost: Int

    private let program: CELProgram
    private let mustBeBool: Bool

    /// Reads and checks an expression; `expecting` is the type that its value must have.
    ///
    /// Where the type is known only at evaluation, a value that is not the expected bool is an error there.
    package static func compile(
        _ source: String, in environment: CELEnvironment, expecting: CELType? = nil, limits: CELLimits = .standard
    ) throws(CELError) -> CELExpression {
        let bytes = Array(source.utf8.prefix(limits.sourceBytes + 1))
        let syntax = try CELParser.parse(bytes, limits: limits)
        var checker = CELChecker(syntax, source: bytes, environment: environment, limits: limits)
        let whole = try checker.value(syntax.nodes.count - 1)
        if let expecting, whole.type.joined(expecting) == nil {
            throw CELError(.wrongResult(expected: expecting, found: whole.type), at: 0, in: bytes)
        }
        guard whole.cost.steps <= limits.cost else {
            throw CELError(.tooCostly(maximum: limits.cost), at: 0, in: bytes)
        }
        return CELExpression(
            source: source, type: whole.type, references: checker.references, cost: whole.cost.steps,
            program: checker.program, mustBeBool: expecting == .bool)
    }

    /// The value for the given facts, or why there is none; what it spends is taken from the budget.
    package func evaluate(
        _ activation: CELActivation, budget: inout CELBudget
    ) -> Result<CELValue, CELEvaluationError> {
        var evaluator = CELEvaluator(program, activation, budget: budget)
        defer { budget = evaluator.budget }
        do throws(CELEvaluationError) {
            let value = try evaluator.run()
            if mustBeBool, case .bool = value { return .success(value) }
            return mustBeBool ? .failure(CELEvaluationError(.noOverload, at: 0)) : .success(value)
        } catch {
            return .failure(error)
        }
    }

    /// Whether it reads nothing and is false.
    var isAlwaysFalse: Bool {
        guard references.isEmpty else { return false }
        var budget = CELBudget()
        return evaluate(CELActivation([]), budget: &budget) == .success(.bool(false))
    }
}
