internal import MayflyCrypto
internal import MayflyModel

/// The secrets that a webhook's sender and receiver share, and signatures with them, as Standard Webhooks 1.0 has it.
package struct WebhookSecret: Sendable {
    /// Bytes of one secret.
    static let lengths = 24...64
    /// Bytes of a secret's file.
    private static let maximumFile = 1024
    private static let prefix = "whsec_"

    /// In the order of the file; each signs.
    private let keys: [[UInt8]]

    /// Reads a file that nobody else can read: one `whsec_…` a line, at most two.
    ///
    /// With two a receiver can move from one to the other: it finds a good signature whichever it has.
    package init(file path: String) throws(ClientError) {
        var bytes: [UInt8]
        do {
            bytes = try SecretFile.read(path, maximum: Self.maximumFile)
        } catch {
            throw .keyFile("\(error)")
        }
        defer { SecretFile.wipe(&bytes) }
        try self.init(lines: bytes)
    }

    init(lines: [UInt8]) throws(ClientError) {
        var keys: [[UInt8]] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: Self.prefix.utf8),
                let key = Base64.decode(line.dropFirst(Self.prefix.utf8.count)), Self.lengths.contains(key.count)
            else { throw .keyFile(Self.rule) }
            keys.append(key)
        }
        guard (1...2).contains(keys.count) else { throw .keyFile(Self.rule) }
        self.keys = keys
    }

    private static let rule =
        "a webhook secret's file has one or two lines, each whsec_ and then 24 to 64 bytes in base64; "
        + "mayfly notice secret makes one"

    /// A fresh secret as its file has it.
    package static func generate() throws(ClientError) -> String {
        do {
            return prefix + Base64.encode(try SecureRandom.bytes(32))
        } catch {
            throw .cryptography("\(error)")
        }
    }

    /// The value of `webhook-signature`: `v1,` and the code of `id.timestamp.body` in base64, for each secret.
    func signature(of body: [UInt8], id: String, timestamp: Int64) throws(ClientError) -> String {
        let message = Array("\(id).\(timestamp).".utf8) + body
        var signatures: [String] = []
        for key in keys {
            do {
                signatures.append("v1," + Base64.encode(try HMACSHA256.code(of: message, key: key)))
            } catch {
                throw .cryptography("\(error)")
            }
        }
        return signatures.joined(separator: " ")
    }
}
