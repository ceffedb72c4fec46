internal import Glibc
import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel
import MayflyServer
import Synchronization

/// Tells the operator what happened to the process, and to requests, one line each, on standard error.
///
/// A line is queued and written by a thread of its own: whoever reads standard error, or does not, holds up no request.
final class StandardErrorLog: BrokerLog, AccessLog {
    /// Lines a second about requests that failed; whoever makes requests fail must not fill the operator's disk.
    static let failureLines = 20
    /// Lines a second about commits that failed: there can be a thousand, all for one reason.
    static let noticeLines = 2

    /// The rank of the least important line; requests ask for it, so it takes no lock.
    private let threshold: Atomic<Int>
    private let isJSON: Atomic<Bool>
    /// The store, which most notices are about.
    private let store: StoreLocation
    private let writer: LineWriter
    private let failures = Mutex(LineAllowance(lines: failureLines))
    private let notices = Mutex(LineAllowance(lines: noticeLines))

    init(_ config: BrokerConfig) throws(HTTPServerError) {
        threshold = Atomic(config.logLevel.rank)
        isJSON = Atomic(config.logFormat == .json)
        store = config.store
        writer = try LineWriter(descriptor: STDERR_FILENO)
    }

    /// Lines that could not be written.
    var droppedLines: UInt64 { writer.dropped }

    /// Writes what waits, for a second at most.
    func stop() { writer.stop() }

    /// Takes level and format from a file that was read again.
    func follow(_ config: BrokerConfig) {
        threshold.store(config.logLevel.rank, ordering: .relaxed)
        isJSON.store(config.logFormat == .json, ordering: .relaxed)
    }

    func note(_ notice: BrokerNotice) {
        let leftOut = notice.comesWithRequests ? permit(notices) : 0
        guard let leftOut else { return }
        say(
            [.clusterInTouch, .signingResumed, .clockCaughtUp].contains(notice) ? .info : .error, notice.text(store),
            leftOut > 0 ? ["left_out": .integer(leftOut)] : [:])
    }

    func wants(status: Int) -> Bool {
        takes(Self.level(status))
    }

    func note(_ line: AccessLine) {
        let leftOut = line.status >= 500 ? permit(failures) : 0
        guard let leftOut else { return }
        var members: JSONObject = [
            "trace_id": .string(line.trace), "method": .string(line.method), "route": .string(line.route),
            "status": .integer(Int64(line.status)), "microseconds": .integer(Int64(clamping: line.microseconds)),
        ]
        if leftOut > 0 { members["left_out"] = .integer(leftOut) }
        say(Self.level(line.status), "request", members)
    }

    /// One line, unless the configured level leaves it out; in text the members follow as `name=value`.
    func say(_ importance: BrokerConfig.LogLevel, _ text: String, _ members: JSONObject = [:]) {
        guard takes(importance) else { return }
        let time = RFC3339.format(SystemClock().now())
        guard isJSON.load(ordering: .relaxed) else {
            let pairs = members.members.map { " \($0.name)=\($0.value.stringValue ?? JSONText.line($0.value))" }
            writer.write("\(time) \(importance.rawValue) \(text)\(pairs.joined())")
            return
        }
        var object: JSONObject = [
            "time": .string(time), "level": .string(importance.rawValue), "message": .string(text),
        ]
        for member in members.members { object[member.name] = member.value }
        writer.write(JSONText.object(object))
    }

    private func takes(_ importance: BrokerConfig.LogLevel) -> Bool {
        importance.rank >= threshold.load(ordering: .relaxed)
    }

    private static func level(_ status: Int) -> BrokerConfig.LogLevel { status >= 500 ? .info : .debug }

    /// How many lines were left out since the last one; nil when this one is, too.
    private func permit(_ allowance: borrowing Mutex<LineAllowance>) -> Int64? {
        let second = SystemClock().now().seconds
        return allowance.withLock { $0.permit(at: second) }
    }
}

extension BrokerConfig.LogLevel {
    fileprivate var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}

extension BrokerNotice {
    /// Whether each request may bring another one.
    fileprivate var comesWithRequests: Bool {
        switch self {
        case .commitFailed, .commandsRefused: true
        default: false
        }
    }

    func text(_ store: StoreLocation) -> String {
        switch self {
        case .commitFailed(let error):
            "a commit failed, and its requests were answered 503: \(StartFailure.what(error, store))"
        case .storeMustBeReopened:
            switch store {
            case .file(let path):
                "nothing more is written to \(path): only reading it again tells what the disk has kept; "
                    + "check the disk, then restart the broker"
            case .postgres:
                "nothing more is written to \(store): another broker has taken it over, or it was put back to an "
                    + "earlier state; stop the one that is too many, then restart the other"
            }
        case .commandsRefused(_, let count):
            switch store {
            case .file:
                "\(count) requests were answered 503: the store is not where the last commit left it; restart the broker"
            case .postgres:
                "\(count) requests were answered 503: \(store) does not say where the last commit left it, or says "
                    + "another place; the broker goes on by itself once that is right"
            }
        case .cleanUpFailed(let error):
            "expired records could not be removed yet: \(StartFailure.what(error, store))"
        case .cannotFollow:
            "what another broker has committed cannot be read; is it of a newer version? upgrade this one"
        case .signingKeyMissing:
            "a signing key that another broker made is not in this one's key directory; give all of them the same "
                + "keys, and restart this one"
        case .signingFailed(let error):
            "a signing key cannot be used, and tokens that need it are refused: \(error); run mayfly doctor"
        case .signingResumed: "the signing keys can be used again"
        case .clockDiffers:
            "this machine's clock and the database's differ by more than 5 seconds: nothing is written"
        case .clockWentBack:
            "this machine's clock went back by more than 5 seconds: time goes on without it, and agents get no tokens "
                + "until it is right again"
        case .clockCaughtUp: "this machine's clock is right again"
        case .clusterOutOfTouch:
            "the database cannot be reached; this node answers nothing more when its lease is over"
        case .clusterInTouch: "the database can be reached again"
        case .trimRefused(let error):
            "archived entries stay in the store: \(error)"
        }
    }
}
