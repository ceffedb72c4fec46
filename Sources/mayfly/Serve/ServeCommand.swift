internal import Glibc
import MayflyConfig

/// `mayfly serve`: runs the broker until SIGTERM or SIGINT; SIGHUP reads its configuration again.
enum ServeCommand: CommandLineCommand {
    static let name = "serve"
    static let summary = "Run the broker"
    static let details = """
        Prints one line, "mayfly ready on http://HOST:PORT", or https, when it accepts requests.
        SIGTERM or SIGINT: takes nothing new, finishes what it accepted, and ends.
        SIGHUP: reads config/mayfly.yaml again. Lives of tokens, tickets, codes and assertions, clock skew, rate limits,
        what lifecycle says, the log's level and format and the files of tls and mtls hold from the next request on.
        Everything else needs a restart; a file that changes it, or that has an error, is not taken at all, and the log
        says why.
        """
    static let options = [
        Option.value("dir", "D", "the directory that mayfly init made"),
        Option.value("listen", "HOST:PORT", "listen here instead of where the configuration says"),
        Option.value("node", "NAME", "share the store with other brokers, as the node of this name"),
        Option.flag("accept-clock", "start although the clock is behind the ledger; the ledger records it"),
    ]
    static let examples = ["mayfly serve --dir ./broker"]

    static func run(_ call: Invocation) throws(CommandError) {
        // Blocked before any thread starts, so that every thread inherits it and a signal waits for sigwait, one that
        // comes while the broker still starts too.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let directory = try call.required("dir")
        var config: BrokerConfig
        do {
            config = try BrokerConfig.load(directory: directory)
        } catch {
            throw .failed("\(error)", next: "correct the file, or make a new one with: mayfly init --dir D")
        }
        let overrides = try ServeOverrides(call)
        try overrides.apply(to: &config)
        OpenFiles.raiseLimit()
        let running = try RunningBroker(config, acceptClock: call.flag("accept-clock"))
        Terminal.say("mayfly ready on \(running.url)")
        while true {
            var signal: Int32 = 0
            guard sigwait(&signals, &signal) == 0 else { continue }
            guard signal == SIGHUP else { break }
            running.reload(from: directory, overrides)
        }
        running.stop()
    }
}
