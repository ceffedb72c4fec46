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
    private let listeners: Listeners
    private var trust: TLSFiles.Trust?
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
        let identity = try TLSFiles.identity(config)
        let trust = try TLSFiles.trust(config)
        let certificates = try TLSFiles.source(config)
        var limits = HTTPLimits()
        limits.threads = config.threads.map { Int(clamping: $0) }
        limits.maximumConnections = OpenFiles.connections(
            wanted: config.connections.map { Int(clamping: $0) }, threads: limits.threads ?? HTTPLimits.processors,
            listeners: config.mtls?.listen == nil ? 1 : 2, log)
        listeners = try Listeners(config, identity: identity, limits: limits, handler: front)
        let port = listeners.port
        do throws(StartError) {
            broker = try Self.open(
                config, port: port, issuer: Self.issuer(config, port: port), log: log, acceptClock: acceptClock)
            broker.live.replace(with: Self.settings(config, broker.settings.issuer, trust, listeners))
        } catch {
            listeners.stop()
            log.stop()
            throw StartFailure.describe(error, config)
        }
        spans = try Observation.spans(config)
        let telemetry = Observation.telemetry(config, broker: broker, listeners: listeners, log: log, spans: spans)
        var bounds = WorkLane.Bounds()
        bounds.threads = limits.threads ?? HTTPLimits.processors
        do {
            let broker = broker
            admission = try AdmittingHandler(
                before: BrokerHandler(broker: broker, telemetry: telemetry, certificates: certificates), bounds: bounds,
                telemetry: telemetry, isDownstreamFull: { broker.isFallingBehind })
        } catch {
            listeners.stop()
            log.stop()
            throw .failed("threads for minting could not be started", next: "check the limit of threads: ulimit -u")
        }
        guard broker.waitForPermit() else {
            broker.stop()
            listeners.stop()
            log.stop()
            throw .failed(
                "the database gave this node no lease within ten seconds", next: "see the log above; is it reachable?")
        }
        front.begin(with: admission)
        url = listeners.url(config)
        notices = NoticeService(broker.notices)
        try notices.start(config, transports)
        cleaner = ExpiryCleaner(broker, log)
        cleaner.start()
        self.log = log
        self.config = config
        self.trust = trust
        if let listen = config.mtls?.listen, let port = listeners.mutualPort {
            let host = listen.isIPv6 ? "[\(listen.host)]" : listen.host
            log.say(.info, "clients are asked for certificates on https://\(host):\(port)")
        }
        if acceptClock { log.say(.warning, "the clock was accepted as it is; if it was behind, every token has ended") }
    }

    /// Takes nothing new, answers what was accepted, and lets go of the store.
    func stop() {
        cleaner.stop()
        listeners.stop()
        admission.stop()
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
    func reload(from directory: String, _ overrides: ServeOverrides) {
        var new: BrokerConfig
        do {
            new = try BrokerConfig.load(directory: directory)
        } catch {
            return refuseReload("\(error); correct it, and send SIGHUP")
        }
        let transports: [any NoticeTransport]
        let trust: TLSFiles.Trust?
        do throws(CommandError) {
            try overrides.apply(to: &new)
            let fixed = config.needsRestart(for: new)
            guard fixed.isEmpty else {
                return refuseReload("a change of \(fixed.joined(separator: ", ")) needs a restart")
            }
            transports = try NoticeService.transports(new)
            trust = try TLSFiles.trust(new, keeping: self.trust)
            // Last: from here on it holds, whatever becomes of the rest.
            if let identity = try TLSFiles.identity(new) { try use(identity) }
        } catch {
            return refuseReload(error.line)
        }
        self.trust = trust
        broker.live.replace(with: Self.settings(new, broker.settings.issuer, trust, listeners))
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

    private func refuseReload(_ reason: String) {
        log.say(.error, "the configuration was not reloaded, and the old one holds: \(reason)")
    }

    private func use(_ identity: TLSIdentity) throws(CommandError) {
        do throws(HTTPServerError) {
            try listeners.use(identity)
        } catch {
            throw .failed("tls cannot be used: \(error)", next: "correct tls.certificate_file and tls.key_file")
        }
    }

    private static func settings(
        _ config: BrokerConfig, _ issuer: String, _ trust: TLSFiles.Trust?, _ listeners: Listeners
    ) -> BrokerSettings {
        var settings = config.settings(issuer: issuer)
        settings.clientTrust = trust?.clients
        settings.mtlsURL = config.mtls.map { mtls in
            url(mtls.url, at: listeners.mutualPort ?? listeners.port, isFree: mtls.listen?.port == 0)
        }
        return settings
    }

    private static func issuer(_ config: BrokerConfig, port: UInt16) -> String {
        url(config.issuer, at: port, isFree: config.listen.port == 0)
    }

    /// On port 0, a URL on this machine without a port takes the port that the server got: for trying out and for
    /// tests.
    private static func url(_ url: IssuerURL, at port: UInt16, isFree: Bool) -> String {
        guard isFree, url.isThisMachine, url.text == "\(url.isHTTPS ? "https" : "http")://" + url.bracketedHost else {
            return url.text
        }
        return "\(url.text):\(port)"
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
