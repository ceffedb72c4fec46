import MayflyModel

/// Where owners see what their agents did in tier 2, and take it back; and where tools see what became of it.
package struct SupervisionDesk: Sendable {
    let state: BrokerState
    let clock: BrokerClock
    let writer: Writer

    /// What stands under supervision, with what time has done to it.
    package struct View: Sendable {
        package let supervision: Supervision
        package let state: Supervision.State
        /// In which it can still be taken back.
        package let secondsLeft: Int64

        init(_ supervision: Supervision, at now: Timestamp) {
            self.supervision = supervision
            state = supervision.state(at: now)
            secondsLeft = state == .open ? supervision.secondsLeft(at: now) : 0
        }
    }

    /// All that `reader` may see in the state `wanted`, the oldest first.
    package func supervisions(for reader: ApprovalDesk.Reader, in wanted: Supervision.State?) -> [View] {
        let now = clock.now()
        return state.read { tables in
            tables.supervisions.all { supervision in
                (wanted.map { supervision.state(at: now) == $0 } ?? true) && tables.maySee(supervision, reader)
            }
        }
        .sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
        .map { View($0, at: now) }
    }

    /// One of them; nil when there is none that `reader` may see.
    package func supervision(_ id: String, for reader: ApprovalDesk.Reader) -> View? {
        let now = clock.now()
        return state.read { tables in
            tables.supervisions[id].flatMap { tables.maySee($0, reader) ? View($0, at: now) : nil }
        }
    }

    /// One of them for the tool that asked for the decision, or for whose tokens it is; nil for every other.
    package func supervision(_ id: String, for asker: VerificationService.Asker) -> View? {
        let now = clock.now()
        return state.read { tables in
            guard let found = tables.supervisions[id] else { return nil }
            if case .resource(let name) = asker {
                guard let resource = tables.resources[name]?.spec.identifier.text,
                    found.resource.utf8.elementsEqual(resource.utf8)
                else { return nil }
            }
            return View(found, at: now)
        }
    }

    /// Takes back what `id` names: its token ends with all below it, in the commit that says so.
    ///
    /// `epoch` is that of the token with which the reverser signed in. Fails with `.notFound` for what is not there or
    /// not the reverser's, and with `.conflict` for what was taken back or whose window has ended.
    package func reverse(
        _ id: String, by reader: ApprovalDesk.Reader, signedIn epoch: Int64, reason: String,
        _ completion: @escaping @Sendable (Result<View, BrokerError>) -> Void
    ) {
        let command = ReverseCommand(
            id: id, reader: reader, epoch: epoch, reason: reason,
            memory: RegistryLimits.maximumTokenLife + BrokerSettings.widestClockSkew)
        writer.submit(command) { [clock] result in completion(result.map { View($0, at: clock.now()) }) }
    }
}
