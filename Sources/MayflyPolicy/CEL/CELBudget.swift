/// What one evaluation may still spend; spending more than there is ends the evaluation.
package struct CELBudget: Sendable {
    /// Bytes that are compared, searched or copied in one step.
    static let bytesPerStep = 64

    package private(set) var remaining: Int
    private let madeBytes: Int
    private let madeElements: Int

    package init(_ limits: CELLimits = .standard) {
        remaining = limits.steps
        madeBytes = limits.madeBytes
        madeElements = limits.madeElements
    }

    private init(steps: Int) {
        (remaining, madeBytes, madeElements) = (steps, .max, .max)
    }

    /// For comparisons outside of an expression.
    static let unlimited = CELBudget(steps: .max)

    mutating func charge(_ steps: Int) throws(CELEvaluationError) {
        guard steps <= remaining else {
            // Nothing is left for what would come after, so nothing comes after.
            remaining = 0
            throw CELEvaluationError(.budgetExceeded)
        }
        remaining -= steps
    }

    /// Charges for reading or copying so many bytes; less than one step is free.
    mutating func charge(bytes: Int) throws(CELEvaluationError) {
        if bytes >= Self.bytesPerStep { try charge(bytes / Self.bytesPerStep) }
    }

    /// Charges for making a text of so many bytes.
    mutating func make(bytes: Int) throws(CELEvaluationError) {
        guard bytes <= madeBytes else { throw CELEvaluationError(.tooLarge) }
        try charge(bytes: bytes)
    }

    /// Charges for making a list of so many elements.
    mutating func make(elements: Int) throws(CELEvaluationError) {
        guard elements <= madeElements else { throw CELEvaluationError(.tooLarge) }
        try charge(elements / 8)
    }
}
