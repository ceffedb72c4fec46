@testable import MayflyBroker

extension ClusterSimulation {
    mutating func send(
        _ kind: SimulatedCall.Kind, by node: Int, askedAt: SteadyTime? = nil, holding: UInt64? = nil, at time: Int64
    ) {
        let call = calls.count
        calls.append(
            SimulatedCall(
                kind: kind, node: node, life: nodes[node].life, session: nodes[node].session,
                askedAt: askedAt ?? nodes[node].clock.reading(at: time), holding: holding ?? nodes[node].memory))
        let sent = time + weather.hiccup(at: time, using: &random)
        let reached = weather.awake(sent + weather.way(at: sent, using: &random))
        var seen = reached
        if case .renew = kind {
            queue.add(.snapshot(call), at: reached)
            seen = weather.awake(reached + weather.gap(at: reached, using: &random))
        }
        var answered = seen
        if case .look = kind {
            answered += weather.wayOfRows(at: seen, using: &random)
        } else {
            answered += weather.way(at: seen, using: &random)
        }
        let abandoned = sent + min(weather.timeout, max(weather.calm + weather.lease / 2 - sent, weather.lease / 2))
        let isCutOff = nodes[node].isCutOff(at: sent)
        let isLost = weather.isLost(at: sent, using: &random)
        // A connection that breaks on the way back, or that nothing comes back from, has taken its question there.
        if !(isCutOff || isLost && chance(40)) { queue.add(.effect(call), at: seen) }
        if isCutOff || isLost || nodes[node].isCutOff(at: answered) || answered > abandoned {
            let failed = isLost ? Int64.random(in: sent...abandoned, using: &random) : abandoned
            queue.add(.failure(call), at: failed)
        } else {
            queue.add(.answer(call), at: answered)
        }
    }

    // MARK: At the store

    mutating func takeEffect(_ index: Int) {
        let call = calls[index]
        switch call.kind {
        case .join:
            database.join(call.session, holding: call.holding)
        case .renew: calls[index].isKnown = database.renew(call.session, holding: call.holding)
        case .acknowledge(let revision):
            database.acknowledge(call.session, revision)
            for node in nodes.indices where node != call.node { tell(node, nil) }
        case .catchUp:
            calls[index].revision = database.revision
            if broken == .applyBeforeAcknowledging { database.acknowledge(call.session, database.revision) }
        case .load: calls[index].revision = database.revision
        case .look: calls[index].rows = database.rows
        case .remove(let rows): for row in rows { database.remove(row) }
        case .goodbye: database.remove(call.session)
        case .commit:
            calls[index].revision = database.commit()
            for node in nodes.indices { tell(node, database.revision) }
        }
    }

    /// Sends word of a revision, or of an acknowledgement, which may come late, twice, or never.
    private mutating func tell(_ node: Int, _ revision: UInt64?) {
        guard nodes[node].isUp, !nodes[node].isCutOff(at: now), !weather.isNewsLost(at: now, using: &random) else {
            return
        }
        add(.news(node, nodes[node].life, revision), after: weather.way(at: now, using: &random))
        guard now < weather.calm, chance(5) else { return }
        add(.news(node, nodes[node].life, revision), after: weather.lease + weather.way(at: now, using: &random))
    }

    // MARK: In the node that asked

    /// The answer is there; a thread may stand still after it has looked at the clock.
    mutating func receive(_ index: Int) {
        let call = calls[index]
        switch call.kind {
        case .load:
            nextSession += 1
            nodes[call.node].start(as: nextSession, holding: call.revision)
            return takeTurn(call.node)
        case .commit, .catchUp: nodes[call.node].memory = max(nodes[call.node].memory, call.revision)
        default: break
        }
        guard nodes[call.node].isUp else { return }
        let answeredAt = nodes[call.node].clock.reading(at: now)
        let hiccup = weather.hiccup(at: now, using: &random)
        if hiccup > 0 { return add(.settle(index, answeredAt: answeredAt), after: hiccup) }
        settle(index, answeredAt: answeredAt)
    }

    mutating func settle(_ index: Int, answeredAt: SteadyTime) {
        let call = calls[index]
        let node = call.node
        switch call.kind {
        case .join:
            nodes[node].hasJoined = true
            nodes[node].member.joined(askedAt: call.askedAt, holding: call.holding)
        case .renew: renewed(call, answeredAt)
        case .catchUp: nodes[node].member.caughtUp(to: call.revision)
        case .acknowledge(let revision): nodes[node].member.acknowledged(revision)
        case .look: if looked(call, answeredAt) { return }
        case .remove(let rows): report.removals += rows.count
        case .commit(let isRevocation):
            let heldFrom = broken == .heldAfterCommit ? call.askedAt : answeredAt
            if isRevocation { add(.hold(node, call.life, call.revision, at: heldFrom)) }
            return
        case .load, .goodbye: return
        }
        check(node)
        calls[index].rows = []
        takeTurn(node)
    }

    mutating func giveUp(_ index: Int) {
        let call = calls[index]
        switch call.kind {
        case .load: send(.load, by: call.node, at: now)
        case .commit, .goodbye: break
        default:
            guard nodes[call.node].isUp else { return }
            nodes[call.node].member.failed(at: nodes[call.node].clock.reading(at: now))
            takeTurn(call.node)
        }
    }

    private mutating func renewed(_ call: SimulatedCall, _ answeredAt: SteadyTime) {
        guard call.isKnown else {
            report.forgotten += 1
            return nodes[call.node].member.wasForgotten()
        }
        var (asked, answered, revision) = (call.askedAt, answeredAt, call.revision)
        if broken == .timelyAnswer { answered = asked }
        if broken == .leaseFromAsking { asked = answeredAt }
        if broken == .caughtUpFirst { revision = min(revision, nodes[call.node].member.applied) }
        nodes[call.node].member.renewed(askedAt: asked, answeredAt: answered, revision: revision)
        nodes[call.node].member.heard(of: call.revision)
        report.renewals += 1
        if nodes[call.node].member.next(at: answeredAt) == .join { report.lateRenewals += 1 }
    }

    /// Answers whether the node has gone on to remove rows.
    private mutating func looked(_ call: SimulatedCall, _ receivedAt: SteadyTime) -> Bool {
        let node = call.node
        let sentAt = call.askedAt
        var (rows, seenAt) = (call.rows, receivedAt)
        let asked = rows
        switch broken {
        case .judgedAtSending: rows.removeAll { nodes[node].member.hasLapsed($0, sentAt: receivedAt) }
        case .seenAtReceipt: seenAt = sentAt
        // Seen so much earlier is waited for so much shorter.
        case .patienceWithOthers: seenAt = receivedAt.advanced(by: -nodes[node].terms.length * 3 / 10)
        case .driftAllowance: seenAt = receivedAt.advanced(by: -nodes[node].terms.length / 10)
        default: break
        }
        let done = nodes[node].member.looked(
            sentAt: sentAt, receivedAt: seenAt, at: rows, as: call.session, having: call.holding)
        for id in done {
            let revision = nodes[node].held[id]?.revision ?? 0
            let isKnown = asked.allSatisfy { $0.session == call.session || $0.applied >= revision }
            release([id], by: node, isKnown ? \.acknowledged : \.lapsed)
        }
        let gone = rows.filter {
            $0.session != call.session && nodes[node].member.hasLapsed($0, sentAt: sentAt, times: 10)
        }
        guard !gone.isEmpty, chance(50) else { return false }
        send(.remove(gone), by: node, at: now)
        return true
    }
}
