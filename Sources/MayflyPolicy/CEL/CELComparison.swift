/// Equality and order of values; each look at a value is charged, text by its size.
enum CELComparison {
    /// How two values that can be ordered stand to each other; `unordered` is a comparison with NaN.
    enum Order {
        case below
        case same
        case above
        case unordered
    }

    // MARK: Equality

    /// False for values of different types, except numbers, which are compared by value.
    static func areEqual(
        _ left: CELValue, _ right: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.string(let left), .string(let right)): try areSame(left.utf8, right.utf8, &budget)
        case (.bytes(let left), .bytes(let right)):
            left.count == right.count ? try order(left, right, &budget) == .same : false
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.list(let left), .list(let right)): try areEqual(left, right, &budget)
        case (.map(let left), .map(let right)): try areEqual(left, right, &budget)
        case (.object(let left), .object(let right)): try areEqual(left, right, &budget)
        default: numericOrder(left, right) == .same
        }
    }

    private static func areEqual(
        _ left: [CELValue], _ right: [CELValue], _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        guard left.count == right.count else { return false }
        for (left, right) in zip(left, right) {
            try budget.charge(1)
            guard try areEqual(left, right, &budget) else { return false }
        }
        return true
    }

    private static func areEqual(
        _ left: CELMap, _ right: CELMap, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        guard left.count == right.count else { return false }
        for entry in left.entries {
            try budget.charge(1)
            guard let other = try right.value(of: entry.key, &budget), try areEqual(entry.value, other, &budget)
            else { return false }
        }
        return true
    }

    private static func areEqual(
        _ left: CELObject, _ right: CELObject, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        guard left.slots.count == right.slots.count else { return false }
        for (left, right) in zip(left.slots, right.slots) {
            try budget.charge(1)
            switch (left, right) {
            case (nil, nil): continue
            case (let left?, let right?) where try areEqual(left, right, &budget): continue
            default: return false
            }
        }
        return true
    }

    /// Byte by byte, never by Unicode equivalence; nothing is charged for texts of different lengths.
    static func areSame(
        _ left: String.UTF8View, _ right: String.UTF8View, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        try budget.charge(bytes: count)
        let left = left.span
        let right = right.span
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    // MARK: Order

    /// Throws for values that have no order among each other.
    static func order(
        _ left: CELValue, _ right: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Order {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): return left == right ? .same : left ? .above : .below
        case (.string(let left), .string(let right)): return try order(left.utf8, right.utf8, &budget)
        case (.bytes(let left), .bytes(let right)): return try order(left, right, &budget)
        case (.timestamp(let left), .timestamp(let right)): return order(left, right)
        case (.duration(let left), .duration(let right)): return order(left, right)
        default:
            guard let order = numericOrder(left, right) else { throw CELEvaluationError(.noOverload) }
            return order
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Order {
        left < right ? .below : left == right ? .same : .above
    }

    /// Lexicographic; for UTF-8 this is the order of code points.
    private static func order(
        _ left: some Collection<UInt8>, _ right: some Collection<UInt8>, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> Order {
        try budget.charge(bytes: min(left.count, right.count))
        for (left, right) in zip(left, right) where left != right { return left < right ? .below : .above }
        return order(left.count, right.count)
    }

    // MARK: Numbers

    /// Compares int, uint and double by mathematical value; nil unless both are numbers.
    ///
    /// The standard library's comparisons of integers of different types, and of the nearest double, are exact.
    static func numericOrder(_ left: CELValue, _ right: CELValue) -> Order? {
        switch (left, right) {
        case (.int(let left), .int(let right)): order(left, right)
        case (.uint(let left), .uint(let right)): order(left, right)
        case (.int(let left), .uint(let right)): left < right ? .below : left == right ? .same : .above
        case (.uint(let left), .int(let right)): left < right ? .below : left == right ? .same : .above
        case (.double(let left), .double(let right)): floatingOrder(left, right)
        case (.int(let left), .double(let right)): exactOrder(left, right)
        case (.uint(let left), .double(let right)): exactOrder(left, right)
        case (.double(let left), .int(let right)): reversed(exactOrder(right, left))
        case (.double(let left), .uint(let right)): reversed(exactOrder(right, left))
        default: nil
        }
    }

    private static func floatingOrder(_ left: Double, _ right: Double) -> Order {
        left < right ? .below : left == right ? .same : left > right ? .above : .unordered
    }

    /// Compares with the whole part of the double as an integer, and lets its fraction settle a tie.
    private static func exactOrder<Integer: FixedWidthInteger>(_ left: Integer, _ right: Double) -> Order {
        guard !right.isNaN else { return .unordered }
        // The largest integer is one below a power of two, and that power is the nearest double.
        guard right < Double(Integer.max) else { return .below }
        guard right >= Double(Integer.min) else { return .above }
        // Rounds towards zero, and is in range by the two lines before; turned back, it is the same double again.
        let whole = Integer(right)
        if left != whole { return left < whole ? .below : .above }
        return floatingOrder(Double(whole), right)
    }

    private static func reversed(_ order: Order) -> Order {
        switch order {
        case .below: .above
        case .above: .below
        case .same: .same
        case .unordered: .unordered
        }
    }
}
