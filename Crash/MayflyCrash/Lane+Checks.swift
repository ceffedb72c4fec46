internal import MayflyClient
internal import MayflyModel

extension Lane {
    /// Seconds within which an assertion or ticket is certainly still good.
    private static let fresh: Int64 = 40

    /// Checks, on the broker that was started again, everything that this lane was answered.
    func check(_ mirror: LedgerMirror, oldTokens: Int) {
        do {
            let unanswered = try settle(mirror)
            for reason in reasons where !mirror.reasons.contains(reason) {
                report.broken("\(name): the answered step \(reason) is not in the ledger")
            }
            for (key, count) in counts where (mirror.counts[key] ?? 0) < count {
                report.broken("\(name): \(count) answered of \(key), \(mirror.counts[key] ?? 0) in the ledger")
            }
            report.expect(mirror.rotations >= rotations, "\(name): a rotation is not in the ledger")
            try checkTokens(mirror, oldTokens)
            try replay()
            if let unanswered { try repeatCut(unanswered.form, happened: unanswered.happened) }
        } catch is Stop {
            report.broken("\(name): the broker was gone during the checks")
        } catch {
            report.broken("\(name): \(error)")
        }
    }

    /// Every token that has not expired, of all rounds.
    func checkAll(_ mirror: LedgerMirror) {
        let now = Self.now()
        do {
            for token in tokens {
                report.expect(mirror.tokens.contains(token.id), "\(name): \(token.id) is not in the ledger")
                guard token.expires > now + 60 else { continue }
                let answer = try client.introspection(of: token.text, as: site.asker)
                report.count("tokens of all rounds asked about at the end")
                report.expect(
                    answer["active"]?.boolValue == !token.isDead,
                    "\(name): \(token.id) of round \(token.round) is \(token.isDead ? "alive again" : "dead")")
            }
        } catch {
            report.broken("\(name): \(error)")
        }
    }

    /// Every token of this round and the one before, and some older ones.
    private func checkTokens(_ mirror: LedgerMirror, _ oldTokens: Int) throws {
        let now = Self.now()
        var indices = tokens.indices.filter { tokens[$0].round >= round - 1 }
        let older = tokens.indices.filter { tokens[$0].round < round - 1 && tokens[$0].expires > now + 60 }
        indices += (0..<min(oldTokens, older.count)).compactMap { _ in older.randomElement(using: &seed) }
        for index in indices {
            let token = tokens[index]
            report.expect(mirror.tokens.contains(token.id), "\(name): \(token.id) is not in the ledger")
            guard token.expires > now + 60 else { continue }
            let answer = try client.introspection(of: token.text, as: site.asker)
            report.count(token.isDead ? "dead tokens found dead after a crash" : "living tokens verified after a crash")
            report.expect(
                answer["active"]?.boolValue == !token.isDead,
                "\(name): \(token.id) of round \(token.round) is \(token.isDead ? "alive again" : "dead")")
        }
        for ticket in tickets.suffix(40) {
            report.expect(mirror.tokens.contains(ticket.id), "\(name): ticket \(ticket.id) is not in the ledger")
        }
    }

    /// Nothing that was used is accepted again.
    private func replay() throws {
        let now = Self.now()
        for form in answered.shuffled(using: &seed).prefix(15) where now - form.made < Self.fresh {
            guard agent(form.agent)?.isSuspended == false else { continue }
            guard let answer = post(form.path, form.body) else { throw Stop.cut }
            report.count("assertions replayed and refused")
            report.expect(
                answer.status == 401 || answer.status == 400,
                "\(name): \(form.event) was accepted twice (\(answer.status))")
        }
        let used = tickets.filter { $0.isUsed && now - $0.made < Self.fresh }.suffix(5)
        for ticket in used {
            guard let index = tickets.firstIndex(where: { $0.id == ticket.id }), let delegate = agent(ticket.delegate),
                !delegate.isSuspended
            else { continue }
            let form = try redemption(of: index, as: delegate, .token(parent: ticket.parent, ticket: index))
            // One that an agent's end took out of use may still be good; only what was redeemed must not be.
            guard tokens.contains(where: { $0.above.contains(ticket.id) }) else { continue }
            guard let answer = post(form.path, form.body) else { throw Stop.cut }
            report.count("tickets redeemed again and refused")
            report.expect(answer.status == 400, "\(name): ticket \(ticket.id) was redeemed twice (\(answer.status))")
        }
        for code in usedCodes {
            guard let answer = post("/api/v1/enrol", code.body, type: "application/json") else { throw Stop.cut }
            report.count("enrolment codes used again and refused")
            report.expect(answer.status >= 400 && answer.status < 500, "\(name): a code of \(code.agent) works twice")
        }
    }

    // MARK: The request that was cut

    /// Decides by the ledger which way the cut request went; answers a form that is to be sent again.
    private func settle(_ mirror: LedgerMirror) throws -> (form: SignedForm, happened: Bool)? {
        guard let cut else { return nil }
        self.cut = nil
        switch cut {
        case .question, .rotation: return nil
        case .form(let form):
            let known = counts[LedgerMirror.key(form.event, form.task)] ?? 0
            let found = mirror.count(form.event, form.task)
            report.expect(
                found == known || found == known + 1, "\(name): \(found) of \(form.event), \(known) answered")
            if found > known { happen(form) }
            return (form, note(found > known))
        case .step(let step):
            if note(mirror.reasons.contains(step.reason)) { take(step) }
        case .registration(let agent):
            let happened = note(mirror.created.contains(agent))
            let answer = try session.call("GET", "/api/v1/agents/\(agent)", power: .read)
            report.expect(answer.status == (happened ? 200 : 404), "\(name): ledger and registry differ on \(agent)")
            if happened { change(agent) { $0.isRegistered = true } }
        case .enrolment(let agent, let body):
            let happened = note(mirror.enrolled.contains(agent))
            guard let answer = post("/api/v1/enrol", body, type: "application/json") else { throw Stop.cut }
            report.expect(
                happened ? (400..<500).contains(answer.status) : answer.status == 201,
                "\(name): the cut enrolment of \(agent) goes both ways (\(answer.status))")
            change(agent) { $0.isEnrolled = true }
        }
        return nil
    }

    private func note(_ happened: Bool) -> Bool {
        report.count(happened ? "cut requests that had happened" : "cut requests that had not")
        return happened
    }

    /// Sends a cut form again: what happened is not accepted twice, and what did not can be done now.
    private func repeatCut(_ form: SignedForm, happened: Bool) throws {
        guard Self.now() - form.made < Self.fresh else { return }
        guard let answer = post(form.path, form.body) else { throw Stop.cut }
        if happened {
            report.expect(answer.status != 200, "\(name): a cut \(form.event) happened and was accepted again")
        } else if answer.status == 200 {
            try take(form, answer)
        } else {
            report.broken(
                "\(name): a cut \(form.event) did not happen and is refused (\(answer.status) \(Self.code(answer)))")
        }
    }
}
