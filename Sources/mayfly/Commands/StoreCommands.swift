import Glibc
import MayflyBroker
import MayflyConfig
import MayflyLedger
import MayflyModel
import MayflyStorage

/// `mayfly store migrate`: a broker's state from one kind of store to another.
enum StoreCommands {
    static let all = [migrate]

    private static let migrate = Command(
        name: "store migrate",
        summary: "Copy registry, revocations and ledger into another store, an SQLite file or a PostgreSQL database",
        details: """
            A place is a broker's directory, which stands for the store that its configuration names, or a
            postgresql:// URL, or the path of an SQLite file. The new store must be empty: a file must not be there.
            Every row is copied as it is, so tokens, keys and proofs stay good. Then both stores are compared, and the
            ledger is read as a whole. Nothing is left in the new store when anything fails, and nothing changes in the
            old one. No broker may run on either meanwhile.
            """,
        options: [
            .value("from", "PLACE", "the store to copy"),
            .value("to", "PLACE", "the store to make: a postgresql:// URL, or a path"),
            .value("from-password-file", "FILE", "a file whose first line is the password of the database copied from"),
            .value("to-password-file", "FILE", "the same for the database copied to"),
        ],
        examples: [
            "mayfly store migrate --from ./broker --to 'postgresql://mayfly@db.example.com/mayfly?sslmode=verify-full'",
            "mayfly store migrate --from postgresql:///mayfly --to ./broker/data/mayfly.db",
        ]
    ) { call throws(CommandError) in
        let from = try location("from", call)
        let to = try location("to", call)
        let report: StoreCopy.Report
        do throws(StoreCopy.Failure) {
            report = try StoreCopy.run(from: place(from), to: place(to))
        } catch {
            throw describe(error, from: from, to: to)
        }
        try audit(to)
        if call.isJSON {
            var rows: JSONObject = [:]
            for (table, count) in report.rows { rows[table] = .integer(Int64(count)) }
            Terminal.say(
                JSONText.object([
                    "entries": .integer(Int64(clamping: report.head.ledgerSize)),
                    "revision": .integer(Int64(clamping: report.head.revision)),
                    "rows": .object(rows),
                ]))
        } else {
            let rows = report.rows.map { "\($0.count) of \($0.table)" }.joined(separator: ", ")
            Terminal.say("copied \(report.head.ledgerSize) ledger entries, revision \(report.head.revision)")
            Terminal.say("both stores hold the same rows: \(rows)")
            Terminal.say(
                "next: name the new store in config/mayfly.yaml (store: \(to)), start the broker, and keep the")
            Terminal.say("old store where no broker starts on it: two that go on from here are two histories")
        }
    }

    private static func location(_ side: String, _ call: Invocation) throws(CommandError) -> StoreLocation {
        let text = try call.required(side)
        let passwordFile = call.value("\(side)-password-file")
        if PostgresURL.isMeant(text) {
            guard let url = PostgresURL(text) else { throw call.usage("--\(side) is \(PostgresURL.form)") }
            return .postgres(url, passwordFile: passwordFile)
        }
        guard passwordFile == nil else { throw call.usage("--\(side)-password-file needs a postgresql:// URL") }
        guard side == "from", access(text + "/" + BrokerConfig.folder, F_OK) == 0 else { return .file(text) }
        do {
            return try BrokerConfig.load(directory: text).store
        } catch {
            throw .failed("\(error)", next: "correct the file, or name the store itself")
        }
    }

    private static func place(_ location: StoreLocation) -> StoreCopy.Place {
        switch location {
        case .file(let path): .file(path)
        case .postgres(let url, let passwordFile):
            .postgres(OpenStore.place(url, passwordFile, Terminal.complain))
        }
    }

    /// Opens the new store as a broker would, and reads its ledger as a whole.
    private static func audit(_ location: StoreLocation) throws(CommandError) {
        do {
            let store = try OpenStore.open(location, onlyToLook: true, report: Terminal.complain)
            try LedgerAudit.run(store, archives: try Broker.archives(in: store))
        } catch {
            throw .failed(
                "the copy in \(location) is complete, but is no sound store: \(error)",
                next: "do not use it; run mayfly doctor on the old one")
        }
    }

    private static func describe(
        _ failure: StoreCopy.Failure, from: StoreLocation, to: StoreLocation
    ) -> CommandError {
        switch failure {
        case .source(.conflict):
            .failed("a broker is using \(from)", next: "stop it: what it wrote meanwhile would not be copied")
        case .source(let error): StartFailure.describe(error, from)
        case .target(let error): StartFailure.describe(error, to)
        case .targetTaken:
            .failed(
                "there is something in \(to), or a broker is using it",
                next: "name an empty database or schema, or a path where no file is")
        case .differs(let table):
            .failed(
                "the copy was not the same as the original (\(table)), and was taken back",
                next: "look for a failing disk where either of them is, then try again")
        }
    }
}
