internal import Glibc
import MayflyBroker
import MayflyConfig
import MayflyStorage

/// What a failed start means for the operator, and what to do next.
enum StartFailure {
    static func describe(_ error: StartError, _ config: BrokerConfig) -> CommandError {
        let data = config.store
        switch error {
        case .notInitialised:
            return .failed("the store \(data) is empty", next: "make a broker with: mayfly init --dir D")
        case .unreadableRecord:
            return .failed(
                "a record in \(data) cannot be read", next: "restore the file from a backup; nothing was changed")
        case .clockBehind(let seconds):
            return .failed(
                "the system clock is \(seconds) s behind the last ledger entry",
                next: "correct the clock; if the earlier clock was wrong, start once with --accept-clock")
        case .signingKeys(let error):
            return .failed(
                "the signing keys cannot be used: \(error)",
                next: KeyPlace.nextStep(error, config))
        case .ledger(let error):
            return .failed("the ledger's tree is damaged: \(error)", next: "restore \(data) from a backup")
        case .store(let error): return describe(error, data)
        }
    }

    /// What went wrong with `store`, without what to do next.
    static func what(_ error: StoreError, _ store: StoreLocation) -> String {
        guard case .failed(let what, _) = describe(error, store) else { return "\(error)" }
        return what
    }

    static func describe(_ error: StoreError, _ store: StoreLocation) -> CommandError {
        switch store {
        case .file(let path): describeFile(error, path)
        case .postgres: describeDatabase(error, "\(store)")
        }
    }

    /// Negative codes are the operating system's.
    private static func cause(_ code: Int, _ library: (Int) -> String) -> String {
        code < 0 ? String(cString: strerror(Int32(clamping: -code))) : library(code)
    }

    private static func describeFile(_ error: StoreError, _ path: String) -> CommandError {
        let cause = { (code: Int) in Self.cause(code) { "SQLite \($0)" } }
        return switch error {
        case .full: .failed("the disk under \(path) is full", next: "free space, then start again; nothing is lost")
        case .inputOutput(let code):
            .failed("\(path) cannot be read or written (\(cause(code)))", next: "check the disk and the file's owner")
        case .corrupt(let code):
            .failed("\(path) is not a sound Mayfly store (SQLite \(code))", next: "restore it from a backup")
        case .conflict:
            .failed("another broker is using \(path), or the store is not empty", next: "stop it, or use another --dir")
        case .cannotOpen(let code):
            .failed(
                "\(path) cannot be opened (\(cause(code)))",
                next: "is the directory right, and made by mayfly init?")
        case .invalid, .newerSchema, .notDurable, .leftBehind, .otherLease: describeAny(error, path)
        }
    }

    private static func describeDatabase(_ error: StoreError, _ url: String) -> CommandError {
        let cause = { (code: Int) in Self.cause(code) { "SQLSTATE \(StoreError.sqlState(of: $0) ?? "unknown")" } }
        return switch error {
        case .full: .failed("the disk of \(url) is full", next: "free space there; nothing is lost")
        case .inputOutput(let code):
            .failed(
                "\(url) cannot be read or written (\(cause(code)))",
                next: "look into the log of the database server")
        case .corrupt: .failed("\(url) holds no sound Mayfly store", next: "restore it from a backup")
        case .conflict:
            .failed(
                "another broker is using \(url), or the store is not empty",
                next: "stop it, or use another database or schema")
        case .cannotOpen(let code) where code == -Int(ENOENT):
            .failed("\(url) holds no Mayfly store", next: "make one with: mayfly init --dir D --store URL")
        case .cannotOpen(let code):
            .failed(
                "\(url) cannot be used (\(cause(code)))",
                next: "is the server running, and may this user log in there and use the tables?")
        case .invalid, .newerSchema, .notDurable, .leftBehind, .otherLease: describeAny(error, url)
        }
    }

    private static func describeAny(_ error: StoreError, _ store: String) -> CommandError {
        switch error {
        case .newerSchema(let found, let known):
            .failed(
                "\(store) was made by a newer Mayfly (schema \(found), this one knows \(known))",
                next: "install that version or a later one")
        case .otherLease(let milliseconds):
            .failed(
                "the nodes that use \(store) have leases of \(milliseconds / 1000) seconds, and this one is to have others",
                next: "give all nodes the same cluster.lease; to change it, stop all of them first")
        case .leftBehind:
            .failed(
                "\(store) does not say what other brokers have committed since this one read it",
                next: "start it again: it then reads everything")
        case .notDurable:
            .failed(
                "\(store) answers before what it is told is on the disk",
                next: "set fsync = on in the server's postgresql.conf")
        default: .failed("the first state could not be written to \(store)", next: "report this: it is a fault")
        }
    }
}
