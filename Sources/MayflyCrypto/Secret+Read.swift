internal import Glibc
package import MayflyModel

extension Secret {
    /// Bytes that a passphrase or PIN may have.
    package static let maximumLength = 1024

    /// Reads a secret from where it is named; `credentials` is the value of `$CREDENTIALS_DIRECTORY`.
    ///
    /// One line end is taken off. A descriptor is read to its end, and closed unless it is standard input.
    package static func read(from source: SecretSource, credentials: String?) throws(CryptoError) -> Secret {
        var bytes: [UInt8]
        do throws(SecretError) {
            switch source {
            case .file(let path): bytes = try file(path, isCredential: false)
            case .descriptor(let number): bytes = try descriptor(number)
            case .credential(let name):
                guard let credentials, !credentials.isEmpty else { throw .noCredentials }
                bytes = try file("\(credentials)/\(name)", isCredential: true)
            }
        } catch {
            throw .secret(error)
        }
        defer { SecretFile.wipe(&bytes) }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .secret(.empty) }
        guard bytes.count <= maximumLength else { throw .secret(.tooLong) }
        guard !bytes.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else { throw .secret(.malformed) }
        return Secret(taking: &bytes)
    }

    /// systemd makes a credential readable by an access control list where the service runs as another user; the mode
    /// then shows the list's mask as the group's.
    private static func file(_ path: String, isCredential: Bool) throws(SecretError) -> [UInt8] {
        do {
            return try SecretFile.read(path, maximum: maximumLength + 2, groupMayRead: isCredential)
        } catch {
            switch error {
            case .keyFileReadable: throw .readableByOthers
            case .keyFileForeignOwner: throw .foreignOwner
            case .keyFileNotRegular: throw .notRegular
            case .keyFileTooLarge: throw .tooLong
            case .keyFile(let number): throw .file(number)
            default: throw .file(EIO)
            }
        }
    }

    private static func descriptor(_ number: Int32) throws(SecretError) -> [UInt8] {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_WRONLY else { throw .descriptor(EBADF) }
        guard isatty(number) == 0 else { throw .terminal }
        let file = OwnedDescriptor(adopting: number, closes: number > 2)
        do {
            return try file.read(atMost: maximumLength + 2)
        } catch {
            switch error {
            case .keyFileTooLarge: throw .tooLong
            case .keyFile(let code): throw .descriptor(code)
            default: throw .descriptor(EIO)
            }
        }
    }
}
