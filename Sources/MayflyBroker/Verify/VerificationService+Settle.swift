package import MayflyModel

extension VerificationService {
    /// What a settlement came to.
    package struct Settled: Equatable, Sendable {
        package let reservation: String
        package let returned: Amounts
        /// What the tree may spend now.
        package let remaining: Amounts
    }

    /// Gives back what an allowed action reserved and did not use; once, and to whoever asked for the decision.
    ///
    /// Nothing can be gained by it: no more comes back than the reservation took.
    package func settle(
        _ reservation: String, used: Amounts, for asker: Asker,
        _ completion: @escaping @Sendable (Result<Settled, BrokerError>) -> Void
    ) {
        writer.submit(SettleCommand(reservation: reservation, used: used, asker: asker.text), completion)
    }
}

/// Closes a reservation, and returns what was not used to each budget that it was taken from.
struct SettleCommand: Command {
    static let concernsNobodyElse = true

    let reservation: String
    let used: Amounts
    let asker: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<VerificationService.Settled> {
        // One answer for one that never was, was closed, has expired, or is another's.
        guard let open = state.reservations[reservation], moment.now < open.expires,
            open.asker.utf8.elementsEqual(asker.utf8)
        else {
            throw .conflict("no reservation of this name is open: it was settled before, has expired, or is not yours")
        }
        let returned = try unused(of: open)
        var remaining = Amounts.nothing
        var changes: [Change] = [.removeReservation(open.id)]
        // A budget below the outermost may have expired with its token; nobody can spend from it any more.
        for budget in open.budgets.compactMap({ state.budgets[$0] }) {
            guard let refilled = budget.returning(returned) else {
                throw .conflict("the budget does not hold what the reservation took")
            }
            remaining = remaining.least(refilled.remaining)
            changes.append(.budget(refilled))
        }
        return Decided(
            VerificationService.Settled(reservation: open.id, returned: returned, remaining: remaining),
            changes: changes, events: [event(of: open, in: state)])
    }

    private func unused(of open: Reservation) throws(BrokerError) -> Amounts {
        do throws(Amounts.Overuse) {
            return try open.amounts.unused(after: used)
        } catch {
            throw .invalid(
                FieldError(
                    path: FieldPath.root.member("used").member(error.member.rawValue),
                    problem: .invalid(rule: "is more than was reserved, or does not go with the other members")))
        }
    }

    private func event(of open: Reservation, in state: Tables) -> LedgerEvent {
        let isCancelled = used.calls == 0
        var event = LedgerEvent(.budgetSettled, .ok, actor: asker)
        event.rule = isCancelled ? "budget.cancelled" : "budget.used"
        event.agent = open.agent
        event.owner = state.agents[open.agent]?.spec.owner
        event.resource = open.audience
        event.task = open.task
        event.trace = open.trace
        event.token = open.token
        event.reservation = open.id
        if !isCancelled {
            event.cost = used.cost ?? open.amounts.cost
            event.records = used.records ?? open.amounts.records
        }
        return event
    }
}
