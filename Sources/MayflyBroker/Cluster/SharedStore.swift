package import MayflyModel

/// A store that several brokers share, each with a copy of all records in its memory.
///
/// All commits stand in one order. A broker takes its turn, takes in what others have committed since its last one,
/// decides on that, and commits: so whatever is decided is decided on the state that it is committed to.
package protocol SharedStore: Store {
    /// Waits for the turn, and answers everything committed after `head`, oldest first.
    ///
    /// No other broker commits before `commit` or `endTurn`. Throws `.leftBehind` when the store does not go back that
    /// far, and `.conflict` when it holds less than `head`: only a new start helps then.
    func takeTurn(after head: StoreHead) throws(StoreError) -> StoreTurn

    /// Gives the turn up without a commit.
    func endTurn()

    /// What was committed after `head`, oldest first, without a turn; not more than one step's worth.
    func commits(after head: StoreHead) throws(StoreError) -> [CommittedBatch]

    /// How the nodes of this store hear of one another.
    func meeting() throws(StoreError) -> any ClusterMeeting
}

/// The right to commit next, and what one must know for it.
package struct StoreTurn: Sendable {
    package let commits: [CommittedBatch]
    /// Whether `commits` are all; else the turn is to be ended and taken again after them.
    package let isComplete: Bool
    /// The store's own clock.
    package let storeTime: Timestamp

    package init(commits: [CommittedBatch], isComplete: Bool, storeTime: Timestamp) {
        self.commits = commits
        self.isComplete = isComplete
        self.storeTime = storeTime
    }
}

/// One commit as other brokers take it in.
package struct CommittedBatch: Sendable {
    package let puts: [StoredRecord]
    package let deletes: [RecordKey]
    package let marks: [UsedMark]
    /// The time of its entries; nil when it has none.
    package let time: Timestamp?
    package let head: StoreHead

    package init(
        puts: [StoredRecord], deletes: [RecordKey], marks: [UsedMark], time: Timestamp?, head: StoreHead
    ) {
        self.puts = puts
        self.deletes = deletes
        self.marks = marks
        self.time = time
        self.head = head
    }
}

/// Where the nodes of a store leave word for one another; used by one thread, but for `interrupt`.
package protocol ClusterMeeting: AnyObject, Sendable {
    /// The number that this process has drawn; its row's key.
    var session: Int64 { get }

    /// Says that this node is about to answer, with so many `commits` in memory; in a row that counts as a renewal.
    ///
    /// It is durable when the call returns: a database that crashes must not forget on whom others count.
    func join(_ node: ClusterNode, holding commits: UInt64) throws(StoreError)

    /// Counts a renewal, durably, and answers the head that the store had before; nil when it does not know the node,
    /// takes no leases of its length any more, or lacks commits that this node has.
    func renew(holding commits: UInt64) throws(StoreError) -> StoreHead?

    /// Says that everything up to `head` is in memory; throws `.conflict` when the store's own commit of that number is
    /// another one.
    func acknowledge(_ head: StoreHead) throws(StoreError)

    /// All nodes, those first that joined first: the first of them that is alive leads.
    func members() throws(StoreError) -> [ClusterMemberRow]

    /// Takes this node's row out: it answers nothing more.
    func leave() throws(StoreError)

    /// Takes out rows of others, as far as they are still as they were seen: one that says something again stays.
    func remove(_ members: [ClusterMemberRow]) throws(StoreError)

    /// Waits until something is said, `interrupt` is called, or `milliseconds` have passed.
    func listen(milliseconds: Int64) throws(StoreError) -> ClusterNews

    /// Ends a `listen`, or the next one; from any thread.
    func interrupt()
}

/// What a node says of itself.
package struct ClusterNode: Equatable, Sendable {
    package let name: String
    package let address: String
    package let terms: LeaseTerms

    package init(name: String, address: String, terms: LeaseTerms) {
        self.name = name
        self.address = address
        self.terms = terms
    }
}

/// What a node has heard.
package struct ClusterNews: Equatable, Sendable {
    /// The newest commit that was spoken of: one that all are to take in at once.
    package var commits: UInt64?
    /// Whether a node has said that it took something in.
    package var hasAcknowledgement = false

    package init() {}
}
