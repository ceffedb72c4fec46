extension Limits {
    /// The type of the one object of `authorization_details` that holds limits; no resource may declare it.
    package static let type = "mayfly_limits"

    /// Whether an object of `authorization_details` is the limits, well formed or not.
    package static func isLimits(_ json: JSONValue) -> Bool {
        guard case .object(let object) = json, case .string(let text)? = object["type"] else { return false }
        return JSONObject.same(text, type)
    }

    /// The canonical object: `type`, then the members that limit something, in a fixed order.
    package var json: JSONValue {
        var object: JSONObject = ["type": .string(Self.type)]
        func member(_ member: Member, _ value: JSONValue?) {
            if let value { object.appendUnchecked(name: member.rawValue, value: value) }
        }
        member(.calls, maximumCalls.map { .integer($0) })
        member(.cost, maximumCost?.json)
        member(.records, maximumRecords.map { .integer($0) })
        member(.timeout, timeout.map { .integer($0) })
        member(.readOnly, readOnly ? .bool(true) : nil)
        member(.environments, environments.map { .array($0.elements.map { .string($0.text) }) })
        member(.hours, hours?.json)
        return .object(object)
    }

    /// Limits as a caller states them; a member that is left out is inherited.
    package struct Request: Sendable {
        package private(set) var limits = Limits()
        /// Whether `read_only` is stated and false, which inherits nothing.
        private var statesWriting = false
        private let index: Int

        /// Reads one object strictly: an unknown member, null, or a value out of shape or out of bounds is refused.
        ///
        /// `index` is the object's place in its array, for the error only.
        package init(_ json: JSONValue, index: Int = 0) throws(NarrowingError) {
            self.index = index
            guard case .object(let object) = json, Limits.isLimits(json) else {
                throw .detailsMalformed(index: index, member: nil)
            }
            for entry in object.members where !JSONObject.same(entry.name, "type") {
                guard let member = Member.allCases.first(where: { JSONObject.same($0.rawValue, entry.name) }) else {
                    throw .detailsUnknownMember(index: index)
                }
                guard read(entry.value, as: member) else {
                    throw .detailsMalformed(index: index, member: member.rawValue)
                }
            }
        }

        private mutating func read(_ value: JSONValue, as member: Member) -> Bool {
            switch member {
            case .calls:
                limits.maximumCalls = Self.number(value, in: 1...Int64.max)
                return limits.maximumCalls != nil
            case .cost:
                limits.maximumCost = Money(value)
                return limits.maximumCost != nil
            case .records:
                limits.maximumRecords = Self.number(value, in: 0...Int64.max)
                return limits.maximumRecords != nil
            case .timeout:
                limits.timeout = Self.number(value, in: 1...Limits.maximumTimeout)
                return limits.timeout != nil
            case .readOnly:
                guard let flag = value.boolValue else { return false }
                (limits.readOnly, statesWriting) = (flag, !flag)
                return true
            case .environments:
                limits.environments = Self.environments(value)
                return limits.environments != nil
            case .hours:
                limits.hours = HoursOfUse(value)
                return limits.hours != nil
            }
        }

        private static func number(_ value: JSONValue, in range: ClosedRange<Int64>) -> Int64? {
            value.integerValue.flatMap { range.contains($0) ? $0 : nil }
        }

        private static func environments(_ value: JSONValue) -> SortedSet<ExactText>? {
            guard let texts = value.stringArrayValue, (1...Limits.maximumEnvironments).contains(texts.count) else {
                return nil
            }
            let elements = texts.compactMap { ExactText($0) }
            return elements.count == texts.count ? SortedSet(elements) : nil
        }

        /// What is stated, and the bound's value for what is not; throws for the first member that asks for more.
        func narrowed(within bound: Limits) throws(NarrowingError) -> Limits {
            var narrowed = limits
            narrowed.maximumCalls = limits.maximumCalls ?? bound.maximumCalls
            narrowed.maximumCost = limits.maximumCost ?? bound.maximumCost
            narrowed.maximumRecords = limits.maximumRecords ?? bound.maximumRecords
            narrowed.timeout = limits.timeout ?? bound.timeout
            narrowed.readOnly = limits.readOnly || bound.readOnly && !statesWriting
            narrowed.environments = limits.environments ?? bound.environments
            narrowed.hours = limits.hours ?? bound.hours
            if let member = narrowed.excess(over: bound) {
                throw .detailsTooWide(index: index, member: member.rawValue)
            }
            return narrowed
        }
    }
}
