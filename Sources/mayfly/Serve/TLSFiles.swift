import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyServer

/// The files that TLS needs, read as the configuration names them.
enum TLSFiles {
    /// Bytes of a file.
    private static let maximum = 1 << 20

    /// The broker's certificate and key; nil for plain HTTP.
    static func identity(_ config: BrokerConfig) throws(CommandError) -> TLSIdentity? {
        guard let tls = config.tls else { return nil }
        let chain = try LocalFile.read(tls.certificateFile, maximum: maximum)
        do throws(CryptoError) {
            return TLSIdentity(chain: chain, key: try SecretFile.read(tls.keyFile, maximum: maximum))
        } catch {
            throw .failed("tls.key_file cannot be used: \(error)", next: "correct tls.key_file, or the file")
        }
    }

    /// Whom to believe about clients; nil when no client is known by a certificate.
    ///
    /// What `old` knows is kept where the authorities are the same.
    static func trust(_ config: BrokerConfig, keeping old: Trust? = nil) throws(CommandError) -> Trust? {
        guard let mtls = config.mtls else { return nil }
        let pem = try mtls.clientAuthorityFile.map { path throws(CommandError) in
            try LocalFile.read(path, maximum: maximum)
        }
        if let old, old.pem == pem { return old }
        do throws(ClientTrustError) {
            return Trust(pem: pem, clients: try ClientTrust(authorities: pem))
        } catch {
            throw .failed(
                "mtls.client_ca_file cannot be used: \(error)", next: "name a file of root certificates in PEM")
        }
    }

    /// Reads all of them, for a look before the start.
    static func check(_ config: BrokerConfig) throws(CommandError) {
        _ = try trust(config)
        _ = try source(config)
        guard let identity = try identity(config) else { return }
        do throws(HTTPServerError) {
            try identity.check()
        } catch {
            throw .failed("tls cannot be used: \(error)", next: "correct tls.certificate_file and tls.key_file")
        }
    }

    struct Trust {
        let pem: [UInt8]?
        let clients: ClientTrust
    }

    /// The proxies whose header is believed; nil for none.
    static func source(_ config: BrokerConfig) throws(CommandError) -> CertificateSource? {
        guard let proxy = config.proxy else { return nil }
        var ranges: [AddressRange] = []
        for text in proxy.addresses {
            guard let range = AddressRange(text) else {
                throw .failed(
                    "proxy.addresses cannot be used", next: "give blocks whose bits behind the prefix are zero")
            }
            ranges.append(range)
        }
        return CertificateSource(header: proxy.certificateHeader, proxies: ranges)
    }
}
