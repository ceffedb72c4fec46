/// Where a broker stands, and what it knows of those that share its store.
package struct ClusterStatus: Sendable {
    /// One of them.
    package struct Node: Sendable {
        package let standing: ClusterLink.Standing
        /// How many commits are in its memory, as far as this broker knows.
        package let applied: UInt64
        /// Commits that this broker has and it may lack.
        package let lag: UInt64
    }

    /// Up to where this broker's memory goes.
    package let head: StoreHead
    /// What this broker says of itself; nil for one that has its store for itself.
    package let node: ClusterNode?
    /// In the order of their names; none for a broker that has its store for itself.
    package let nodes: [Node]

    init(head: StoreHead, link: ClusterLink?) {
        self.head = head
        node = link?.node
        nodes = (link?.standings ?? []).map { standing in
            // Of itself it knows more than its row says.
            let applied = standing.isSelf ? max(standing.row.applied, head.commits) : standing.row.applied
            return Node(
                standing: standing, applied: applied, lag: head.commits > applied ? head.commits - applied : 0)
        }
    }
}

extension Broker {
    /// This broker and the others of its store, as of its last look: half a lease ago at most while it has one.
    package var clusterStatus: ClusterStatus { ClusterStatus(head: writer.head, link: cluster) }
}
