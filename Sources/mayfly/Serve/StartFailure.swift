internal import Glibc
import MayflyBroker
import MayflyConfig

/// What a failed start means for the operator, and what to do next.
enum StartFailure {
    static func describe(_ error: StartError, _ config: BrokerConfig) -> CommandError {
        let data = config.storePath
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
                next: "each key in \(config.keysDirectory) is needed, belongs to this user and has mode 0600")
        case .ledger(let error):
            return .failed("the ledger's tree is damaged: \(error)", next: "restore \(data) from a backup")
        case .store(let error): return describe(error, data)
        }
    }

    /// What went wrong with the store at `path`, without what to do next.
    static func what(_ error: StoreError, _ path: String) -> String {
        guard case .failed(let what, _) = describe(error, path) else { return "\(error)" }
        return what
    }

    /// Negative codes are the operating system's.
    private static func cause(_ code: Int) -> String {
        code < 0 ? String(cString: strerror(Int32(clamping: -code))) : "SQLite \(code)"
    }

    private static func describe(_ error: StoreError, _ path: String) -> CommandError {
        switch error {
        case .full: .failed("the disk under \(path) is full", next: "free space, then start again; nothing is lost")
        case .inputOutput(let code):
            .failed("\(path) cannot be read or written (\(cause(code)))", next: "check the disk and the file's owner")
        case .corrupt(let code):
            .failed("\(path) is not a sound Mayfly store (SQLite \(code))", next: "restore it from a backup")
        case .invalid: .failed("the first state could not be written to \(path)", next: "report this: it is a fault")
        case .conflict:
            .failed("another broker is using \(path), or the store is not empty", next: "stop it, or use another --dir")
        case .newerSchema(let found, let known):
            .failed(
                "\(path) was made by a newer Mayfly (schema \(found), this one knows \(known))",
                next: "install that version or a later one")
        case .notDurable:
            .failed(
                "\(path) answers before what it is told is on the disk",
                next: "set fsync = on in the server's postgresql.conf")
        case .cannotOpen(let code):
            .failed(
                "\(path) cannot be opened (\(cause(code)))",
                next: "is the directory right, and made by mayfly init?")
        }
    }
}
