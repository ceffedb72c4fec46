/// Why a command did not succeed; each kind has its exit status.
enum CommandError: Error, Equatable, Sendable {
    /// The broker understood and said no.
    case refused(String, next: String)
    /// The command line cannot be understood.
    case usage(String, next: String)
    /// The broker cannot be reached, or something on this machine is not as needed.
    case failed(String, next: String)
    /// The answer is printed already, and it is no.
    case no
    /// The command that ran on our behalf ended with this status.
    case exited(Int32)
}

extension CommandError {
    /// 1 refused, 2 usage, 3 failed, or what `exec` passes on; 0 is success.
    var status: Int32 {
        switch self {
        case .refused, .no: 1
        case .usage: 2
        case .failed: 3
        case .exited(let status): status
        }
    }

    /// Both in one line, for a log or a list.
    var line: String {
        switch self {
        case .refused(let what, let next), .usage(let what, let next), .failed(let what, let next): "\(what); \(next)"
        case .no, .exited: ""
        }
    }

    /// What went wrong and what to do next, one line each; empty when nothing is left to say.
    var lines: [String] {
        switch self {
        case .refused(let what, let next), .usage(let what, let next), .failed(let what, let next):
            ["mayfly: \(what)", "  \(next)"]
        case .no, .exited: []
        }
    }
}
