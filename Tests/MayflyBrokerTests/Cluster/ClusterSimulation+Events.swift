@testable import MayflyBroker

extension ClusterSimulation {
    /// A process that stands still does what it has to when it goes on.
    private mutating func isPostponed(_ event: SimulatedEvent, of index: Int) -> Bool {
        let end = nodes[index].pausedUntil
        guard now < end else { return false }
        queue.add(event, at: end + Int64.random(in: 0...weather.lease / 1000, using: &random))
        return true
    }

    /// Whether the node is in that life; -1 stands for any.
    private func isAlive(_ index: Int, _ life: Int) -> Bool {
        nodes[index].isUp && (life == -1 || nodes[index].life == life)
    }

    mutating func happen(_ event: SimulatedEvent) {
        switch event {
        case .turn(let node, let life, _), .decide(let node, let life, _, _), .commit(let node, let life, _),
            .busy(let node, let life, _, _), .again(let node, let life), .hold(let node, let life, _, _),
            .news(let node, let life, _), .deadline(let node, let life):
            if isAlive(node, life), !isPostponed(event, of: node) { proceed(event) }
        case .answer(let call), .settle(let call, _), .failure(let call):
            let (node, life) = (calls[call].node, calls[call].life)
            if nodes[node].life == life, !isPostponed(event, of: node) { proceed(event) }
        case .snapshot(let call): calls[call].revision = database.revision
        case .effect(let call): takeEffect(call)
        case .databaseCrash: database.crash()
        case .question(let node):
            guard nodes[node].isUp, now >= nodes[node].pausedUntil else { return }
            if nodes[node].answers(at: now, broken: broken) { report.answers += 1 } else { report.refusals += 1 }
            check(node)
        case .pause(let node, let end):
            nodes[node].pausedUntil = max(nodes[node].pausedUntil, end)
            nodes[node].wasPaused = nodes[node].wasPaused || !nodes[node].held.isEmpty
        case .crash(let node, let end): stop(node, until: end)
        case .leave(let node, let end):
            guard nodes[node].isUp, now >= nodes[node].pausedUntil, !nodes[node].member.holdsAnswers else { return }
            send(.goodbye, by: node, at: now)
            stop(node, until: end)
        case .start(let node): send(.load, by: node, at: now)
        case .calmRevocation:
            let node = Int.random(in: nodes.indices, using: &random)
            guard nodes[node].isUp else { return }
            send(.commit(isRevocation: true), by: node, at: now)
        }
    }

    /// What a node's process does that runs.
    private mutating func proceed(_ event: SimulatedEvent) {
        switch event {
        case .turn(let node, _, let turn):
            guard nodes[node].waitingTurn == turn else { return }
            nodes[node].waitingTurn = nil
            takeTurn(node)
        case .decide(let node, _, let time, let holding): decide(node, at: time, holding: holding)
        case .answer(let call): receive(call)
        case .settle(let call, let answeredAt): settle(call, answeredAt: answeredAt)
        case .failure(let call): giveUp(call)
        case .commit(let node, _, let isRevocation): send(.commit(isRevocation: isRevocation), by: node, at: now)
        case .busy(let node, let life, let interval, let end):
            send(.commit(isRevocation: false), by: node, at: now)
            if now < end { add(.busy(node, life, every: interval, until: end), after: interval) }
        case .again(let node, let life):
            add(.hold(node, life, nodes[node].memory, at: nodes[node].clock.reading(at: now)))
        case .hold(let node, _, let revision, let time): hold(node, revision, at: time)
        case .news(let node, _, let revision):
            nodes[node].news.append(revision)
            if nodes[node].waitingTurn != nil { listen(node) }
        case .deadline(let node, _):
            var time = nodes[node].clock.reading(at: now)
            if broken == .patienceWithAll { time = time.advanced(by: weather.lease / 10 * 3) }
            release(nodes[node].member.releaseExpired(at: time), by: node, \.expired)
        default: break
        }
    }

    private mutating func stop(_ node: Int, until end: Int64) {
        guard nodes[node].isUp else { return }
        if let calmAnswer, nodes[node].held[calmAnswer.id] != nil { self.calmAnswer = nil }
        nodes[node].end()
        nodes[node].pausedUntil = 0
        queue.add(.start(node), at: max(now + 1, end))
    }

    private mutating func hold(_ node: Int, _ revision: UInt64, at time: SteadyTime) {
        nextAnswer += 1
        let id = nextAnswer
        let (clock, patience) = (nodes[node].clock, nodes[node].terms.patience)
        let deadline = max(now, clock.time(of: time.advanced(by: patience))) + weather.lease / 500
        nodes[node].held[id] = .init(revision: revision, overdue: deadline + weather.lease / 100)
        if nodes[node].member.settled >= revision { return release([id], by: node, \.settled) }
        nodes[node].member.hold(id, revision: revision, at: time)
        if now > weather.calm + 3 * weather.lease { calmAnswer = (id, now) }
        let early = broken == .patienceWithAll ? weather.lease / 10 * 3 : 0
        queue.add(.deadline(node, nodes[node].life), at: max(now, deadline - early))
        interrupt(node)
    }

    /// Takes in what was said, which the thread that takes the steps hears only while it waits.
    private mutating func listen(_ node: Int) {
        for revision in nodes[node].news {
            if let revision {
                nodes[node].member.heard(of: revision)
            } else {
                nodes[node].member.shouldLook(at: nodes[node].clock.reading(at: now))
            }
        }
        nodes[node].news = []
        interrupt(node)
    }

    /// Ends the wait of the thread that takes the steps.
    private mutating func interrupt(_ node: Int) {
        guard nodes[node].waitingTurn != nil else { return }
        nodes[node].turns += 1
        nodes[node].waitingTurn = nodes[node].turns
        add(.turn(node, nodes[node].life, turn: nodes[node].turns))
    }

    mutating func takeTurn(_ node: Int) {
        let (time, holding) = (nodes[node].clock.reading(at: now), nodes[node].memory)
        let hiccup = weather.hiccup(at: now, using: &random)
        if hiccup > 0 { return add(.decide(node, nodes[node].life, now: time, holding: holding), after: hiccup) }
        decide(node, at: time, holding: holding)
    }

    private mutating func decide(_ node: Int, at time: SteadyTime, holding: UInt64) {
        nodes[node].member.holds(holding)
        check(node)
        let step = nodes[node].member.next(at: time)
        switch step {
        case .wait(let end):
            let wake = max(now + weather.lease / 2000, nodes[node].clock.time(of: end))
            nodes[node].turns += 1
            nodes[node].waitingTurn = nodes[node].turns
            queue.add(.turn(node, nodes[node].life, turn: nodes[node].turns), at: min(wake, now + weather.lease * 2))
            if !nodes[node].news.isEmpty { listen(node) }
        case .join:
            if broken == .joinAfterLoss, nodes[node].hasJoined {
                nodes[node].member.joined(askedAt: time, holding: holding)
                return takeTurn(node)
            }
            send(.join, by: node, askedAt: time, holding: holding, at: now)
        case .renew: send(.renew, by: node, askedAt: time, holding: holding, at: now)
        case .catchUp: send(.catchUp, by: node, askedAt: time, holding: holding, at: now)
        case .acknowledge(let revision):
            send(.acknowledge(revision), by: node, askedAt: time, holding: holding, at: now)
        case .look: send(.look, by: node, askedAt: time, holding: holding, at: now)
        }
    }
}
