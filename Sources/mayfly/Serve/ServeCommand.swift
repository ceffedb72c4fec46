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
        let directory = try call.required("dir")
        var config: BrokerConfig
        do {
            config = try BrokerConfig.load(directory: directory)
        } catch {
            throw .failed("\(error)", next: "correct the file, or make a new one with: mayfly init --dir D")
        }
        try apply(call, to: &config)
        // Blocked before any thread starts, so that every thread inherits it and the signal waits for sigwait.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        OpenFiles.raiseLimit()
        let running = try RunningBroker(config, acceptClock: call.flag("accept-clock"))
        Terminal.say("mayfly ready on \(running.url)")
        while true {
            var signal: Int32 = 0
            guard sigwait(&signals, &signal) == 0 else { continue }
            guard signal == SIGHUP else { break }
            running.reload(from: directory)
        }
        running.stop()
    }

    /// What the command line says goes over the file.
    private static func apply(_ call: Invocation, to config: inout BrokerConfig) throws(CommandError) {
        if let text = call.value("listen") {
            guard let listen = MayflyConfig.ListenAddress(text) else {
                throw .usage("--listen cannot be used", next: "it \(MayflyConfig.ListenAddress.rule)")
            }
            config.listen = listen
            guard config.isListenerSafe else {
                throw .usage("--listen cannot be used", next: "it " + BrokerConfig.plainListenerRule)
            }
        }
        if let name = call.value("node") {
            guard ClusterConfig.isName(name) else {
                throw .usage("--node cannot be used", next: "it " + ClusterConfig.nameRule)
            }
            guard case .postgres = config.store else {
                throw .failed(
                    "--node is for brokers that share a PostgreSQL database, and the store is a file",
                    next: "move it with: mayfly store migrate")
            }
            if config.cluster == nil { config.cluster = ClusterConfig(node: name) }
            config.cluster?.node = name
        }
        if config.cluster != nil, config.listen.port == 0, config.issuer.text == "http://" + config.issuer.bracketedHost
        {
            throw .failed(
                "each node would get a free port, and with it an issuer of its own",
                next: "give the issuer in mayfly.yaml a port, or listen on one")
        }
        if let cluster = config.cluster, cluster.node == nil {
            throw .failed("this node of the cluster has no name", next: "set cluster.node, or give --node NAME")
        }
    }
}
