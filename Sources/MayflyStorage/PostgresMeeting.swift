internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import Synchronization

/// The rows in which the nodes of a store say that they are there, and the channel on which they call one another.
final class PostgresMeeting: ClusterMeeting {
    let session = Int64.random(in: 1 ... .max)

    private static let patience = Duration.seconds(3)

    private static let join = PostgresStatement(
        "join",
        """
        INSERT INTO mayfly_node (session, name, address, renewals, applied, joined)
        SELECT $1, $2, $3, $5, $4, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        FROM mayfly_head WHERE id = 1 AND lease = $6 AND serial >= $4
        ON CONFLICT (session) DO UPDATE SET renewals = mayfly_node.renewals + 1, applied = excluded.applied
        """, .integer, .blob, .blob, .integer, .integer, .integer)
    private static let renew = PostgresStatement(
        "renew",
        """
        UPDATE mayfly_node AS node SET renewals = renewals + 1, applied = greatest(applied, $2) FROM mayfly_head AS head
        WHERE session = $1 AND head.id = 1 AND head.lease = $3 AND head.serial >= $2
        RETURNING head.revision, head.size, head.frontier, head.serial
        """, .integer, .integer, .integer)
    private static let acknowledge = PostgresStatement(
        "acknowledge",
        """
        UPDATE mayfly_node SET applied = greatest(applied, $2) WHERE session = $1 AND EXISTS (SELECT 1 FROM mayfly_commit
            WHERE serial = $2 AND revision = $3 AND size = $4 AND frontier = $5)
        """, .integer, .integer, .integer, .integer, .blob)
    /// A crash of the server may forget what comes after it: then others wait for longer, and no less.
    private static let hurry = PostgresStatement("hurry", "SET LOCAL synchronous_commit = off")
    private static let select = PostgresStatement(
        "members", "SELECT session, name, address, renewals, applied FROM mayfly_node ORDER BY joined, session")
    private static let leave = PostgresStatement(
        "leave", "DELETE FROM mayfly_node WHERE session = $1", .integer)
    private static let remove = PostgresStatement(
        "remove", "DELETE FROM mayfly_node WHERE session = $1 AND renewals = $2", .integer, .integer)
    private static let call = PostgresStatement(
        "call", "SELECT pg_notify('mayfly_' || 'mayfly_head'::regclass::oid, 'a')")

    private let place: PostgresPlace
    private let terms: LeaseTerms
    private let state: Mutex<State>
    /// Becomes readable when a `listen` is to end.
    private let bell: Bell

    /// Milliseconds between two looks at the head, where nobody can call.
    private static let pollInterval: Int64 = 25

    private static let poll = PostgresStatement("poll", "SELECT revision, serial FROM mayfly_head WHERE id = 1")

    private struct State: ~Copyable {
        var connection: PostgresConnection?
        /// Whether the server passes calls on.
        var hears = true
        /// The revision that was seen last, where it does not.
        var revision: UInt64?
    }

    init(_ place: PostgresPlace, terms: LeaseTerms) throws(StoreError) {
        self.place = place
        self.terms = terms
        bell = try Bell()
        let (connection, hears) = try Self.connect(place)
        state = Mutex(State(connection: connection, hears: hears))
    }

    private static func connect(
        _ place: PostgresPlace
    ) throws(StoreError) -> (connection: PostgresConnection, hears: Bool) {
        let deadline = ContinuousClock.now + patience
        let connection = try PostgresConnection(place, name: "mayfly-node")
        try PostgresSchema.configure(
            connection,
            [("lock_timeout", "1000"), ("statement_timeout", "2000")], by: deadline)
        try connection.prepare(
            [
                PostgresWriter.begin, PostgresWriter.commit, hurry, join, renew, acknowledge, select, leave, remove,
                poll,
            ],
            by: deadline)
        guard try PostgresNotice.isThere(connection, by: deadline) else { return (connection, false) }
        try connection.prepare([call], by: deadline)
        let channel = try connection.execute(["SELECT 'mayfly_head'::regclass::oid::bigint"], by: deadline)
        guard let number = try channel.first?.counter(0, 0) else { throw .damaged }
        try connection.execute(["LISTEN mayfly_\(number)"], by: deadline)
        return (connection, true)
    }

    /// Runs `body` on the connection, made anew when it broke before; whatever fails gives it up.
    private func with<Value: Sendable>(
        _ body: (PostgresConnection, ContinuousClock.Instant) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { (state) throws(StoreError) in
            let connection: PostgresConnection
            if let known = state.connection {
                connection = known
            } else {
                (connection, state.hears) = try Self.connect(place)
            }
            state.connection = nil
            let value = try body(connection, .now + Self.patience)
            state.connection = connection
            return value
        }
    }

    func join(_ node: ClusterNode, holding commits: UInt64) throws(StoreError) {
        let step = Self.join(
            .integer(session), .blob(Array(node.name.utf8)), .blob(Array(node.address.utf8)),
            .integer(try Int64(counter: commits)), .integer(Int64.random(in: 1...1 << 62)),
            .integer(terms.milliseconds))
        let isIn = try with { (connection, deadline) throws(StoreError) in
            try connection.ask(step, by: deadline).changed == 1
        }
        guard isIn else { throw .conflict }
    }

    func renew(holding commits: UInt64) throws(StoreError) -> StoreHead? {
        let step = Self.renew(
            .integer(session), .integer(try Int64(counter: commits)), .integer(terms.milliseconds))
        return try with { (connection, deadline) throws(StoreError) in
            let row = try connection.ask(step, by: deadline)
            guard row.count == 1 else { return nil }
            var head = try row.head()
            head.commits = try row.counter(0, 3)
            return head
        }
    }

    func acknowledge(_ head: StoreHead) throws(StoreError) {
        let step = Self.acknowledge(
            .integer(session), .integer(try Int64(counter: head.commits)), .integer(try Int64(counter: head.revision)),
            .integer(try Int64(counter: head.ledgerSize)), .blob(head.frontier.flatMap(\.bytes)))
        let calls = state.withLock { $0.hears }
        let isKnown = try with { (connection, deadline) throws(StoreError) in
            let results = try connection.run(
                [PostgresWriter.begin(), Self.hurry(), step] + (calls ? [Self.call()] : [])
                    + [PostgresWriter.commit()], by: deadline)
            return results.count > 2 && results[2].changed == 1
        }
        guard isKnown else { throw .conflict }
    }

    func members() throws(StoreError) -> [ClusterMemberRow] {
        try with { (connection, deadline) throws(StoreError) in
            let rows = try connection.ask(Self.select(), by: deadline)
            var members: [ClusterMemberRow] = []
            for row in 0..<rows.count {
                guard let name = String(validating: try rows.blob(row, 1), as: UTF8.self),
                    let address = String(validating: try rows.blob(row, 2), as: UTF8.self)
                else { throw .damaged }
                members.append(
                    ClusterMemberRow(
                        session: try rows.integer(row, 0), name: name, address: address,
                        renewals: try rows.integer(row, 3), applied: try rows.counter(row, 4)))
            }
            return members
        }
    }

    func leave() throws(StoreError) {
        let step = Self.leave(.integer(session))
        try with { (connection, deadline) throws(StoreError) in _ = try connection.ask(step, by: deadline) }
    }

    func remove(_ members: [ClusterMemberRow]) throws(StoreError) {
        let steps = members.map { Self.remove(.integer($0.session), .integer($0.renewals)) }
        guard !steps.isEmpty else { return }
        try with { (connection, deadline) throws(StoreError) in _ = try connection.run(steps, by: deadline) }
    }

    func listen(milliseconds: Int64) throws(StoreError) -> ClusterNews {
        // Whatever failed is tried again after a while, and not at once because nothing can be heard.
        guard state.withLock({ $0.connection != nil }) else {
            bell.wait(milliseconds: milliseconds)
            return ClusterNews()
        }
        guard state.withLock({ $0.hears }) else { return try look(after: min(milliseconds, Self.pollInterval)) }
        let texts = try with { (connection, _) throws(StoreError) in
            try connection.listen(milliseconds: milliseconds, until: bell)
        }
        var news = ClusterNews()
        for text in texts {
            if text == "a" { news.hasAcknowledgement = true }
            if text.hasPrefix("r"), let commits = UInt64(text.dropFirst()) {
                news.commits = max(news.commits ?? 0, commits)
            }
        }
        return news
    }

    /// What has changed, found by looking.
    private func look(after milliseconds: Int64) throws(StoreError) -> ClusterNews {
        bell.wait(milliseconds: milliseconds)
        let (revision, commits) = try with { (connection, deadline) throws(StoreError) in
            let row = try connection.ask(Self.poll(), by: deadline)
            return (try row.counter(0, 0), try row.counter(0, 1))
        }
        var news = ClusterNews()
        state.withLock { state in
            if state.revision != revision { news.commits = commits }
            state.revision = revision
        }
        return news
    }

    func interrupt() { bell.ring() }
}
