/// Where the broker's store is.
package enum StoreLocation: Equatable, Sendable, CustomStringConvertible {
    /// The path of an SQLite file.
    case file(String)
    /// A PostgreSQL database; the path of a file with its password, where libpq's own ways are not enough.
    case postgres(PostgresURL, passwordFile: String?)

    /// For messages; holds no secret.
    package var description: String {
        switch self {
        case .file(let path): path
        case .postgres(let url, _): url.text
        }
    }
}

/// A PostgreSQL database as libpq's URLs name it (PostgreSQL manual, "Connection URIs"), without a password.
///
/// A password in it would stand in a configuration that others may read, in messages and in backups of the folder, so
/// it is refused and not just left out of what is printed.
package struct PostgresURL: Equatable, Sendable {
    package static let maximumLength = 1024
    /// What it must be.
    package static let form =
        "a URL such as postgresql://mayfly@db.example.com/mayfly?sslmode=verify-full, without a "
        + "password: put it into store_password_file, or where libpq looks for it (PGPASSFILE, passfile, service)"

    private static let schemes = ["postgresql://", "postgres://"]
    /// Parameters whose value is a secret.
    private static let secrets = [
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key",
    ]

    package let text: String

    /// Whether `text` is meant as such a URL.
    package static func isMeant(_ text: String) -> Bool {
        schemes.contains { text.lowercased().utf8.starts(with: $0.utf8) }
    }

    /// Nil for what is no such URL, or holds a password.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength, text.utf8.allSatisfy(Self.isPlain),
            let scheme = Self.schemes.first(where: { text.utf8.starts(with: $0.utf8) })
        else { return nil }
        let rest = Array(text.utf8.dropFirst(scheme.utf8.count))
        // As libpq reads it: user and password end at the first "@" that comes before the first "/".
        let front = rest.prefix { $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "/") }
        let hasUser = front.count < rest.count && rest[front.count] == UInt8(ascii: "@")
        guard !hasUser || !front.contains(UInt8(ascii: ":")) else { return nil }
        guard !Self.hasSecret(rest.dropFirst(hasUser ? front.count + 1 : 0)) else { return nil }
        self.text = text
    }

    /// Neither a space nor a control character, nor what would end a quoted text.
    package static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whether a parameter is a secret, or cannot be read; names may be written with `%`.
    private static func hasSecret(_ rest: ArraySlice<UInt8>) -> Bool {
        guard let start = rest.firstIndex(of: UInt8(ascii: "?")) else { return false }
        for pair in rest[(start + 1)...].split(separator: UInt8(ascii: "&")) {
            guard let name = decoded(pair.prefix { $0 != UInt8(ascii: "=") }) else { return true }
            if secrets.contains(name.lowercased()) { return true }
        }
        return false
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var output: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            output.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: output, as: UTF8.self)
    }
}
