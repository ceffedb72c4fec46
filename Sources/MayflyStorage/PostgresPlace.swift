internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto

/// Where a PostgreSQL store is, and how to log in there.
package struct PostgresPlace: Sendable {
    /// The most that a password has: bytes.
    private static let maximumPassword = 1024
    /// Bytes of its file.
    private static let maximumFile = 4096

    /// A `postgresql://` URL as libpq reads it, without a password.
    package let url: String
    /// A file of this user alone whose first line is the password; nil leaves it to libpq's own ways.
    package let passwordFile: String?
    /// Told why a connection could not be made, in the database's own words, which hold no password.
    let report: @Sendable (String) -> Void

    package init(url: String, passwordFile: String? = nil, report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.url = url
        self.passwordFile = passwordFile
        self.report = report
    }

    /// The password in the file; nil without a file.
    ///
    /// It is read at each connection, so that it can be changed.
    func password() throws(StoreError) -> String? {
        guard let passwordFile else { return nil }
        do throws(StoreError) {
            return try Self.firstLine(of: passwordFile)
        } catch {
            report("the file of the database's password cannot be used: it must be this user's alone (chmod 0600)")
            throw error
        }
    }

    private static func firstLine(of path: String) throws(StoreError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try SecretFile.read(path, maximum: maximumFile)
        } catch .keyFile(let code) {
            throw .cannotOpen(code: -Int(code))
        } catch {
            throw .cannotOpen(code: -Int(EACCES))
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, line.count <= maximumPassword, !line.contains(0),
            let text = String(validating: line, as: UTF8.self)
        else { throw .cannotOpen(code: -Int(EINVAL)) }
        return text
    }
}
