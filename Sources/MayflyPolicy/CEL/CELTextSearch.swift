/// `startsWith`, `endsWith` and `contains`, byte by byte, which for UTF-8 is code point by code point.
enum CELTextSearch {
    static func apply(
        _ function: CELFunction, _ text: String, _ part: String, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        let text = text.utf8.span
        let part = part.utf8.span
        guard part.count <= text.count else { return false }
        switch function {
        case .startsWith: return try holds(part, in: text, at: 0, &budget)
        case .endsWith: return try holds(part, in: text, at: text.count - part.count, &budget)
        case .contains: return try contains(part, in: text, &budget)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func holds(
        _ part: Span<UInt8>, in text: Span<UInt8>, at start: Int, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        try budget.charge(bytes: part.count)
        for index in part.indices where part[index] != text[start + index] { return false }
        return true
    }

    /// Tries each place in turn and charges for the comparisons that were needed: a few for ordinary text, the product
    /// of both lengths for text that was made to be slow.
    private static func contains(
        _ part: Span<UInt8>, in text: Span<UInt8>, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        var comparisons = 0
        for start in 0...(text.count - part.count) {
            var matched = 0
            while matched < part.count, part[matched] == text[start + matched] { matched += 1 }
            if matched == part.count { return true }
            comparisons += matched + 1
            if comparisons >= CELBudget.bytesPerStep {
                try budget.charge(bytes: comparisons)
                comparisons = 0
            }
        }
        return false
    }
}
