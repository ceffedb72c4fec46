import MayflyConfig
import MayflyServer

/// The listeners of a running broker: the one of `listen`, and the one that asks clients for certificates, if it is to.
struct Listeners {
    private let main: HTTPServer
    private let mutual: HTTPServer?
    private let isTLS: Bool

    /// Starts both; every request goes to `handler`.
    init(
        _ config: BrokerConfig, identity: TLSIdentity?, limits: HTTPLimits, handler: any HTTPHandler
    ) throws(CommandError) {
        var limits = limits
        isTLS = identity != nil
        // What the process may have open is for both.
        if config.mtls?.listen != nil { limits.maximumConnections = max(8, limits.maximumConnections / 2) }
        main = try Self.start(config.listen, identity, asks: false, limits, handler)
        guard let listen = config.mtls?.listen else {
            mutual = nil
            return
        }
        do throws(CommandError) {
            mutual = try Self.start(listen, identity, asks: true, limits, handler)
        } catch {
            main.stop()
            throw error
        }
    }

    var port: UInt16 { main.port }

    /// The port at which clients are asked for certificates; nil without such a listener.
    var mutualPort: UInt16? { mutual?.port }

    /// The base URL of the main listener.
    func url(_ config: BrokerConfig) -> String {
        let host = config.listen.isIPv6 ? "[\(config.listen.host)]" : config.listen.host
        return "\(isTLS ? "https" : "http")://\(host):\(port)"
    }

    var connectionCount: @Sendable () -> Int {
        let (first, second) = (main.connectionCount, mutual?.connectionCount)
        return { first() + (second?() ?? 0) }
    }

    /// Shows another certificate from the next connection on.
    func use(_ identity: TLSIdentity) throws(HTTPServerError) {
        try main.use(identity)
        try mutual?.use(identity)
    }

    /// Takes nothing new, and answers what was accepted.
    func stop() {
        // Neither takes anything while the other still answers, and both have the same time for it.
        main.beginDraining()
        mutual?.beginDraining()
        main.stop()
        mutual?.stop()
    }

    private static func start(
        _ listen: MayflyConfig.ListenAddress, _ identity: TLSIdentity?, asks: Bool, _ limits: HTTPLimits,
        _ handler: any HTTPHandler
    ) throws(CommandError) -> HTTPServer {
        guard let address = MayflyServer.ListenAddress(host: listen.host, port: listen.port) else {
            throw .failed("the listen address cannot be used", next: "name an IP address or localhost")
        }
        do throws(HTTPServerError) {
            return try HTTPServer(
                address: address, limits: limits,
                tls: identity.map { TLSOptions(identity: $0, asksForCertificate: asks) }, handler: handler)
        } catch {
            if case .certificate = error {
                throw .failed("tls cannot be used: \(error)", next: "correct tls.certificate_file and tls.key_file")
            }
            throw .failed("cannot listen on \(listen): \(error)", next: "is another program using the port?")
        }
    }
}
