package import MayflyModel

extension FieldReader {
    /// Takes an amount of money; nil when absent.
    package mutating func money(_ name: String) throws(FieldError) -> Money? {
        guard let value = take(name) else { return nil }
        guard let money = Money(value) else {
            throw failure(name, .invalid(rule: "must be money such as {\"amount\": \"12.50\", \"currency\": \"EUR\"}"))
        }
        return money
    }

    /// Takes limits, written as in a token but without `type`; nil when absent.
    mutating func limits(_ name: String) throws(FieldError) -> Limits? {
        guard let value = take(name) else { return nil }
        guard case .object(var object) = value, object["type"] == nil else {
            throw failure(name, .wrongType(expected: "an object of limits"))
        }
        object["type"] = .string(Limits.type)
        let limits: Limits
        do {
            limits = try Limits.Request(.object(object)).limits
        } catch {
            let known = Limits.Member.allCases.map(\.rawValue)
            switch error {
            case .detailsUnknownMember: throw failure(name, .unknown(allowed: known))
            case .detailsMalformed(_, let member?):
                let rule = Limits.Member(rawValue: member)?.rule ?? "is not a limit of this kind"
                throw FieldError(path: path.member(name).member(member), problem: .invalid(rule: rule))
            default: throw failure(name, .invalid(rule: "holds limits: \(known.joined(separator: ", "))"))
            }
        }
        guard !limits.isNone else { throw failure(name, .invalid(rule: "must limit something")) }
        return limits
    }

    /// Takes the context of a request; an empty one when absent.
    package mutating func policyContext(_ name: String) throws(FieldError) -> PolicyContext {
        guard let value = take(name) else { return PolicyContext() }
        guard case .object(let object) = value else { throw failure(name, .wrongType(expected: "an object")) }
        return try PolicyContext(object, path: path.member(name))
    }
}

extension Limits.Member {
    /// What its value looks like.
    fileprivate var rule: String {
        switch self {
        case .calls: "must be a whole number from 1 on"
        case .cost: "must be money such as {amount: \"12.50\", currency: EUR}, the amount in quotes"
        case .records: "must be a whole number from 0 on"
        case .timeout: "must be whole seconds from 1 to \(Limits.maximumTimeout)"
        case .readOnly: "must be true or false"
        case .environments: "must be a list of 1 to \(Limits.maximumEnvironments) names"
        case .hours:
            "must be a list of hours such as {days: [mon, fri], from: \"08:00\", to: \"18:00\"}, in UTC, none past midnight"
        }
    }
}
