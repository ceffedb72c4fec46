import MayflyCrypto

/// What a client takes to its TLS connections beside what the system trusts.
public struct ClientTLS: Equatable, Sendable {
    /// Roots of authorities in PEM, in the place of the system's.
    public var authorityFile: String?
    /// The client's own certificate in PEM, with what is between it and its root.
    public var certificateFile: String?
    /// The certificate's key in PEM, mode 0600.
    public var keyFile: String?

    public init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        (self.authorityFile, self.certificateFile, self.keyFile) = (authorityFile, certificateFile, keyFile)
    }

    private static let maximumKey = 65_536

    /// Refuses a key without its certificate, the reverse, and a key that others can read.
    func check() throws(ClientError) {
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw .invalidInput("a client certificate and its key go together")
        }
        guard let keyFile else { return }
        do throws(CryptoError) {
            var bytes = try SecretFile.read(keyFile, maximum: Self.maximumKey)
            SecretFile.wipe(&bytes)
        } catch {
            throw .keyFile(error.description)
        }
    }
}
