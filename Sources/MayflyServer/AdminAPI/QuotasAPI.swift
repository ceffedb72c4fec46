import MayflyBroker
import MayflyModel
import MayflyPolicy

/// `/api/v1/agents/{id}/quotas`: what is used of the policy's quotas.
enum QuotasAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/agents/{id}/quotas", "What an agent, or its owner, has used of the quotas in force",
            access: .read, success: (200, "QuotaUses")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            let state = call.broker.state
            let (agent, quotas) = state.read { ($0.agents[id], $0.policy.bundle.quotas) }
            guard let agent else { throw .broker(.notFound) }
            let now = call.broker.clock.now()
            // A look for each: a thousand in one would hold the state's lock for long.
            let uses = quotas.compactMap { quota -> JSONValue? in
                let use = state.read { $0.use(of: quota, by: agent) }
                let used = use.count(within: quota.window, at: now)
                return used > 0 ? .object(shown(quota, use, used, now)) : nil
            }
            return .reply(AdminReply.object(["quotas": .array(uses)]))
        }
    ]

    private static func shown(_ quota: PolicyQuota, _ use: QuotaUse, _ used: Int64, _ now: Timestamp) -> JSONObject {
        var object: JSONObject = [
            "quota": .string(quota.id), "on": .string(quota.phase.rawValue), "per": .string(quota.subject.rawValue),
            "subject": .string(use.id.subject), "count": .integer(quota.count), "window": .integer(quota.window),
            "used": .integer(used),
        ]
        if used >= quota.count { object["retry_after"] = .integer(use.secondsToWait(for: quota, at: now)) }
        return object
    }
}
