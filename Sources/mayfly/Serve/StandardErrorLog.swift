import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel

/// Tells the operator what happened to the process, one line each, on standard error.
struct StandardErrorLog: BrokerLog {
    let level: BrokerConfig.LogLevel
    let format: BrokerConfig.LogFormat
    /// The store's file, which most notices are about.
    let storePath: String

    func note(_ notice: BrokerNotice) {
        say(.error, notice.text(storePath))
    }

    /// One line, unless the configured level leaves it out.
    func say(_ importance: BrokerConfig.LogLevel, _ text: String) {
        guard importance.rank >= level.rank else { return }
        let time = RFC3339.format(SystemClock().now())
        switch format {
        case .text: Terminal.complain("\(time) \(importance.rawValue) \(text)")
        case .json:
            Terminal.complain(
                JSONText.object([
                    "time": .string(time), "level": .string(importance.rawValue), "message": .string(text),
                ]))
        }
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
    func text(_ path: String) -> String {
        switch self {
        case .commitFailed(let error):
            "a commit failed, and its requests were answered 503: \(StartFailure.what(error, path))"
        case .storeMustBeReopened:
            "nothing more is written to \(path): only reading it again tells what the disk has kept; "
                + "check the disk, then restart the broker"
        case .commandsRefused(_, let count):
            "\(count) requests were answered 503: the store is not where the last commit left it; restart the broker"
        case .cleanUpFailed(let error):
            "expired records could not be removed yet: \(StartFailure.what(error, path))"
        case .trimRefused(let error):
            "archived entries stay in the store: \(error)"
        }
    }
}
