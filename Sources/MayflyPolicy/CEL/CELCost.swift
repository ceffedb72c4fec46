/// What a part of an expression takes at worst, when every input has at most the sizes that `CELLimits` assumes.
///
/// No operation passes the ceiling, whose square still fits 64 bits.
struct CELCost {
    private static let ceiling = 1_000_000_000

    /// Steps of its evaluation.
    private(set) var steps: Int
    /// Bytes of its text, or elements of its list or map.
    private(set) var size: Int

    init(steps: Int, size: Int) {
        self.steps = min(max(steps, 0), Self.ceiling)
        self.size = min(max(size, 0), Self.ceiling)
    }

    /// One step, and the size that is assumed for the type.
    init(_ type: CELType, _ limits: CELLimits) {
        let size =
            switch type {
            case .string, .bytes: limits.assumedBytes
            case .list, .map: limits.assumedElements
            case .dyn: max(limits.assumedBytes, limits.assumedElements)
            case .null, .bool, .int, .uint, .double, .timestamp, .duration, .object: 0
            }
        self.init(steps: 1, size: size)
    }

    static func sum(_ left: Int, _ right: Int) -> Int { min(left + right, ceiling) }
    static func product(_ left: Int, _ right: Int) -> Int { min(left * right, ceiling) }

    mutating func add(_ more: Int) { steps = Self.sum(steps, min(max(more, 0), Self.ceiling)) }
    mutating func add(_ other: CELCost) { add(other.steps) }

    /// Elements to go through, when the value of this cost has the type.
    func elements(_ type: CELType, _ limits: CELLimits) -> Int {
        type == .dyn ? limits.assumedElements : size
    }

    /// Steps to compare a value of the type and this size with another.
    func comparison(_ type: CELType, _ limits: CELLimits) -> Int {
        switch type {
        case .string, .bytes: size / CELBudget.bytesPerStep
        case .list(let element): Self.product(size, Self.unit(element, limits))
        case .map(let key, let value):
            Self.product(size, Self.sum(Self.lookup(size, Self.unit(key, limits)), Self.unit(value, limits)))
        case .dyn: Self.product(limits.assumedElements, Self.text(limits))
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .object: 0
        }
    }

    /// Steps to go through a value of the type inside a list or map, with the sizes that are assumed.
    private static func unit(_ type: CELType, _ limits: CELLimits) -> Int {
        switch type {
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .object: 1
        case .string, .bytes, .dyn: text(limits)
        case .list(let element): sum(1, product(limits.assumedElements, unit(element, limits)))
        case .map(let key, let value):
            sum(
                1,
                product(
                    limits.assumedElements, sum(lookup(limits.assumedElements, unit(key, limits)), unit(value, limits)))
            )
        }
    }

    private static func text(_ limits: CELLimits) -> Int { 1 + limits.assumedBytes / CELBudget.bytesPerStep }

    /// Steps to find a key, comparing it with every other.
    static func lookup(_ entries: Int, _ comparison: Int) -> Int {
        sum(CELMap.steps(for: entries), product(entries, comparison))
    }
}
