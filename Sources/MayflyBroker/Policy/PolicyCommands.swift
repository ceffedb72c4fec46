import MayflyModel
import MayflyPolicy

/// How a version takes part in decisions.
package enum PolicyMode: String, CaseIterable, Sendable {
    /// Decides.
    case enforce
    /// Is asked, and what it says is written down where it differs.
    case shadow
}

/// Adds a version of the policy and puts it in force, or in the shadow.
struct ApplyPolicyCommand: Command {
    let bundle: PolicyBundle
    let document: JSONObject
    let mode: PolicyMode
    let actor: String
    let rationale: String
    /// The digest that must be in force now; nil for any.
    let expected: String?

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<PolicyVersion> {
        guard expected.map({ $0.utf8.elementsEqual(state.policy.digest.utf8) }) ?? true else { throw .stale }
        let versions = state.policies.all
        let newest = versions.map(\.id).max() ?? PolicyVersion.builtInNumber
        let (number, overflow) = newest.addingReportingOverflow(1)
        guard !overflow else { throw .conflict("there are as many versions of the policy as can be numbered") }
        let version = PolicyVersion(
            number: number, bundle: bundle, document: document, author: actor, rationale: rationale,
            createdAt: moment.now)
        guard version.size <= PolicyVersion.maximumBytes else {
            throw .invalid(
                FieldError(
                    path: FieldPath.root.member("bundle"),
                    problem: .invalid(rule: "is larger than \(PolicyVersion.maximumBytes) bytes as JSON")))
        }
        var changes: [Change] = [.policy(version), .setting(Setting(id: mode.setting, value: number))]
        // What was tried in the shadow has become what decides.
        if mode == .enforce, state.shadowPolicy?.digest == version.digest {
            changes.append(.setting(Setting(id: .shadowPolicy, value: PolicyVersion.builtInNumber)))
        }
        changes += surplus(versions, state, adding: version.size).map { .removePolicy($0) }
        return Decided(
            version, changes: changes,
            events: [.policyChanged(version, "apply.\(mode.rawValue)", by: actor, reason: rationale)])
    }

    /// The oldest versions that are too many and stand nowhere.
    private func surplus(_ versions: [PolicyVersion], _ state: Tables, adding size: Int) -> [Int64] {
        let inUse = [state.policy.id, state.shadowPolicy?.id]
        var (count, bytes) = (versions.count + 1, versions.reduce(size) { $0 + $1.size })
        var gone: [Int64] = []
        for version in versions.sorted(by: { $0.id < $1.id }) where !inUse.contains(version.id) {
            guard count > PolicyVersion.maximumKept || bytes > PolicyVersion.maximumKeptBytes else { break }
            gone.append(version.id)
            (count, bytes) = (count - 1, bytes - version.size)
        }
        return gone
    }
}

/// Puts an earlier version in force again or in the shadow; number 0 is the built-in one, or an empty shadow.
struct ActivatePolicyCommand: Command {
    let number: Int64
    let mode: PolicyMode
    let actor: String
    let rationale: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<PolicyVersion> {
        let version: PolicyVersion
        if number == PolicyVersion.builtInNumber {
            version = .registry
        } else {
            guard let found = state.policies[number] else { throw .notFound }
            version = found
        }
        return Decided(
            version, changes: [.setting(Setting(id: mode.setting, value: number))],
            events: [.policyChanged(version, "activate.\(mode.rawValue)", by: actor, reason: rationale)])
    }
}

extension PolicyMode {
    fileprivate var setting: Setting.Name {
        switch self {
        case .enforce: .policy
        case .shadow: .shadowPolicy
        }
    }
}

extension LedgerEvent {
    fileprivate static func policyChanged(
        _ version: PolicyVersion, _ step: String, by actor: String, reason: String
    ) -> LedgerEvent {
        var event = LedgerEvent(.policyChanged, .ok, actor: actor)
        event.action = step
        event.target = "policy:\(version.id)"
        event.reason = reason
        event.bundle = version.digest
        return event
    }
}
