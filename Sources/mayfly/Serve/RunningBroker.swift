import MayflyBroker
import MayflyClient
import MayflyConfig
import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyServer
import MayflyStorage

/// A broker that serves: its store, its HTTP server, and the clean-up of what has expired.
final class RunningBroker {
    let url: String
    private let broker: Broker
    private var config: BrokerConfig
    private let server: HTTPServer
    private let admission: AdmittingHandler
    private let cleaner: ExpiryCleaner
    private let log: StandardErrorLog
    private let spans: SpanExporter?
    private let notices: NoticeService

    static func ledgerKeyPath(_ config: BrokerConfig) -> String {
        config.keysDirectory + "/ledger.pem"
    }

    init(_ config: BrokerConfig, acceptClock: Bool) throws(CommandError) {
        try BrokerDirectory.checkPrivate(config.keysDirectory)
        let transports = try NoticeService.transports(config)
        let log = try Observation.log(config)
        let front = StartingHandler()
        var limits = HTTPLimits()
        limits.maximumConnections = OpenFiles.connections(wanted: config.connections.map { Int(clamping: $0) }, log)
        limits.threads = config.threads.map { Int(clamping: $0) }
        guard let address = MayflyServer.ListenAddress(host: config.listen.host, port: config.listen.port) else {
            throw .failed("the listen address cannot be used", next: "name an IP address or localhost")
        }
        do {
            server = try HTTPServer(address: address, limits: limits, handler: front)
        } catch {
            throw .failed("cannot listen on \(config.listen): \(error)", next: "is another program using the port?")
        }
        let port = server.port
        do throws(StartError) {
            broker = try Self.open(
                config, port: port, issuer: Self.issuer(config, port: port), log: log, acceptClock: acceptClock)
        } catch {
            server.stop()
            log.stop()
            throw StartFailure.describe(error, config)
        }
        spans = try Observation.spans(config)
        let telemetry = Observation.telemetry(config, broker: broker, server: server, log: log, spans: spans)
        var bounds = MintLane.Bounds()
        bounds.threads = limits.threads ?? HTTPLimits.processors
        do {
            let broker = broker
            admission = try AdmittingHandler(
                before: BrokerHandler(broker: broker, telemetry: telemetry), bounds: bounds,
                telemetry: telemetry, isDownstreamFull: { broker.isFallingBehind })
        } catch {
            server.stop()
            log.stop()
            throw .failed("threads for minting could not be started", next: "check the limit of threads: ulimit -u")
        }
        guard broker.waitForPermit() else {
            broker.stop()
            server.stop()
            log.stop()
            throw .failed(
                "the database gave this node no lease within ten seconds", next: "see the log above; is it reachable?")
        }
        front.begin(with: admission)
        url = "http://\(config.listen.isIPv6 ? "[\(config.listen.host)]" : config.listen.host):\(port)"
        notices = NoticeService(broker.notices)
        try notices.start(config, transports)
        cleaner = ExpiryCleaner(broker, log)
        cleaner.start()
        self.log = log
        self.config = config
        if acceptClock { log.say(.warning, "the clock was accepted as it is; if it was behind, every token has ended") }
    }

    /// Takes nothing new, answers what was accepted, and lets go of the store.
    func stop() {
        cleaner.stop()
        server.stop()
        admission.lane.stop()
        notices.stop()
        broker.stop()
        spans?.stop()
        log.say(.info, "stopped; everything accepted was answered")
        log.stop()
    }

    /// Reads the configuration again; what it says holds from the next request on.
    ///
    /// All of it or nothing: after an error, or when a setting differs that is read at a start only, everything stays
    /// as it was, and the log says why.
    func reload(from directory: String) {
        let new: BrokerConfig
        do {
            new = try BrokerConfig.load(directory: directory)
        } catch {
            log.say(
                .error,
                "the configuration was not reloaded, and the old one holds: \(error); correct it, and send SIGHUP")
            return
        }
        let fixed = config.needsRestart(for: new)
        guard fixed.isEmpty else {
            let names = fixed.joined(separator: ", ")
            log.say(
                .error,
                "the configuration was not reloaded, and the old one holds: a change of \(names) needs a restart")
            return
        }
        let transports: [any NoticeTransport]
        do throws(CommandError) {
            transports = try NoticeService.transports(new)
        } catch {
            log.say(
                .error,
                "the configuration was not reloaded, and the old one holds: \(error.line)")
            return
        }
        broker.live.replace(with: new.settings(issuer: broker.settings.issuer))
        do throws(CommandError) {
            try notices.start(new, transports)
        } catch {
            // What is owed stays owed, and the next start tells it.
            log.say(.error, "after the reload: \(error.line)")
        }
        log.follow(new)
        config = new
        log.say(.info, "the configuration was reloaded")
    }

    /// On port 0, an issuer on this machine without a port takes the port that the server got: for trying out and for
    /// tests.
    private static func issuer(_ config: BrokerConfig, port: UInt16) -> String {
        let issuer = config.issuer
        guard config.listen.port == 0, !issuer.isHTTPS, issuer.text == "http://" + issuer.bracketedHost else {
            return issuer.text
        }
        return "\(issuer.text):\(port)"
    }

    private static func open(
        _ config: BrokerConfig, port: UInt16, issuer: String, log: StandardErrorLog, acceptClock: Bool
    ) throws(StartError) -> Broker {
        let store: any Store
        do {
            store = try OpenStore.open(config.store, cluster: config.cluster) { log.say(.error, $0) }
        } catch {
            throw .store(error)
        }
        let keys: KeyPlace
        let ledgerKey: PrivateKey
        do {
            keys = try KeyPlace(config)
            ledgerKey = try keys.read(ledgerKeyPath(config))
        } catch {
            throw .signingKeys(error)
        }
        let signer: Ed25519NoteSigner
        do {
            signer = try Ed25519NoteSigner(name: ledgerName(config.issuer), privateKey: ledgerKey)
        } catch {
            throw .ledger(error)
        }
        return try Broker(
            settings: config.settings(issuer: issuer), store: store,
            vault: keys.vault,
            wall: SystemClock(), signer: signer, log: log, segments: ArchiveDirectory(path: config.archiveDirectory),
            acceptClock: acceptClock, node: config.cluster.map { node($0, config.listen, port) },
            fetcher: ProviderFetcher(
                transport: KeySetTransport(mayBeLocal: config.allowsLocalProviders, caFile: config.providerCAFile)))
    }

    private static func node(
        _ cluster: ClusterConfig, _ listen: MayflyConfig.ListenAddress, _ port: UInt16
    ) -> ClusterNode {
        ClusterNode(
            name: cluster.node ?? "", address: "\(listen.isIPv6 ? "[\(listen.host)]" : listen.host):\(port)",
            terms: cluster.terms)
    }

    /// The ledger's origin: the issuer without its scheme (C2SP tlog-checkpoint).
    static func ledgerName(_ issuer: IssuerURL) -> String {
        let text = issuer.text
        let rest = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        return "\(rest)/ledger"
    }
}

extension IssuerURL {
    /// The host as it stands in a URL.
    var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }
}
