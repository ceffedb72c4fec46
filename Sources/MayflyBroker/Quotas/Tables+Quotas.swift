package import MayflyModel
package import MayflyPolicy

/// A quota had no room.
struct QuotaRefusal: Error {
    let quota: PolicyQuota
    /// Whole seconds, at least 1, after which there may be room.
    let seconds: Int64
}

extension Tables {
    /// What the quotas come to with one more for `agent`, or the refusal that takes the longest: all or none.
    func counting(
        _ quotas: [PolicyQuota], for agent: Agent, at now: Timestamp
    ) throws(QuotaRefusal) -> [QuotaUse] {
        var uses: [QuotaUse] = []
        var refusal: QuotaRefusal?
        for quota in quotas {
            let use = use(of: quota, by: agent)
            if let next = use.counting(by: quota, at: now) {
                uses.append(next)
            } else {
                let seconds = use.secondsToWait(for: quota, at: now)
                if refusal.map({ $0.seconds < seconds }) ?? true {
                    refusal = QuotaRefusal(quota: quota, seconds: seconds)
                }
            }
        }
        if let refusal { throw refusal }
        return uses
    }

    /// What `agent`, or its owner, got of a quota so far; an empty one when nothing counts.
    package func use(of quota: PolicyQuota, by agent: Agent) -> QuotaUse {
        let subject =
            switch quota.subject {
            case .agent: agent.id.text
            case .owner: agent.spec.owner.text
            }
        let id = QuotaUse.ID(quota: quota.id, subject: subject)
        return quotaUses[id] ?? QuotaUse(id)
    }
}

extension QuotaUse {
    /// Whole seconds, at least 1, after which a quota that is used up may have room.
    package func secondsToWait(for quota: PolicyQuota, at now: Timestamp) -> Int64 {
        let free = free(below: quota.count, within: quota.window, at: now)
        return max(1, (free.milliseconds - now.milliseconds + 999) / 1000)
    }
}

extension PolicyRuling {
    /// What policy says when a quota has no room, whatever its rules said.
    func refused(by quota: PolicyQuota) -> PolicyRuling {
        var decision = decision
        decision.outcome = .deny
        (decision.rule, decision.reason) = (quota.rule, quota.rationale)
        (decision.limits, decision.approvals, decision.remedy) = (Limits(), [], nil)
        return PolicyRuling(
            number: number, digest: digest, decision: decision, facts: facts, shadow: shadow, quotas: quotas)
    }
}
