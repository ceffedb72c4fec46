internal import Glibc
import MayflyConfig

/// The process's limit of open files, and the connections that fit under it.
enum OpenFiles {
    /// Connections without a setting of their own.
    static let usualConnections = 16_384
    /// Files that the broker itself has open: the store, its log and standard streams, and for each thread sockets and
    /// pipes.
    static func reserved(threads: Int, listeners: Int) -> Int {
        let forEach = 2 + 6 * min(max(1, listeners), 2)
        return 48 + min(max(1, threads), 1024) * forEach
    }

    /// Connections in the least.
    static let fewestConnections = 8

    /// Lets the process hold as many files as the system allows it to.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Connections that may be open: those `wanted`, or the usual number, and never more than there is room for.
    static func connections(wanted: Int?, threads: Int, listeners: Int, _ log: StandardErrorLog) -> Int {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let reserved = reserved(threads: threads, listeners: listeners)
        let room = isKnown ? max(fewestConnections, Int(clamping: limit.rlim_cur) - reserved) : fewestConnections
        let connections = min(wanted ?? usualConnections, room)
        if let wanted, connections < wanted {
            log.say(
                .warning,
                "limits.connections is \(wanted), but the limit of open files leaves room for \(connections); "
                    + "raise it with ulimit -n, or LimitNOFILE= under systemd")
        }
        return connections
    }
}
