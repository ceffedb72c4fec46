extension Broker {
    /// How large the broker's state is now.
    package struct Gauges: Equatable, Sendable {
        /// Entries of the ledger.
        package let ledgerEntries: UInt64
        /// Commands that wait for a commit.
        package let pendingCommands: Int
        /// Records in memory, by kind, in a fixed order.
        package let records: [(kind: String, count: Int)]

        package static func == (left: Gauges, right: Gauges) -> Bool {
            left.ledgerEntries == right.ledgerEntries && left.pendingCommands == right.pendingCommands
                && left.records.elementsEqual(right.records) { $0 == $1 }
        }
    }

    package var gauges: Gauges {
        Gauges(
            ledgerEntries: writer.head.ledgerSize, pendingCommands: writer.pendingCount,
            records: state.read { $0.counts } + [("behaviour", behaviour.count)])
    }
}

extension Tables {
    /// How many records of each kind are published.
    fileprivate var counts: [(kind: String, count: Int)] {
        [
            ("setting", settings.count), ("admin", admins.count), ("owner", owners.count), ("role", roles.count),
            ("resource", resources.count), ("agent", agents.count), ("enrolment_code", codes.count),
            ("signing_key", signingKeys.count), ("used", used.count), ("revocation", revocations.count),
            ("budget", budgets.count), ("reservation", reservations.count), ("approval", approvals.count),
            ("supervision", supervisions.count), ("notice", notices.count), ("quota", quotaUses.count),
        ]
    }
}
