internal import Glibc

/// Why a passphrase or PIN could not be read; no case carries any of it, or a path.
package enum SecretError: Error, Equatable, Sendable {
    case empty
    case tooLong
    /// It has a NUL or more than one line.
    case malformed
    case readableByOthers
    case foreignOwner
    case notRegular
    /// The system call's `errno`.
    case file(Int32)
    /// No such descriptor is open for reading.
    case descriptor(Int32)
    /// Nobody is asked at a terminal.
    case terminal
    /// `$CREDENTIALS_DIRECTORY` is not set: systemd did not start the program, or gave it no credential.
    case noCredentials
}

extension SecretError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the passphrase or PIN is empty"
        case .tooLong: "the passphrase or PIN is longer than \(Secret.maximumLength) bytes"
        case .malformed: "the passphrase or PIN is not one line of text"
        case .readableByOthers:
            "the file of the passphrase or PIN is open to the group or to others; it must have mode 0600"
        case .foreignOwner: "the file of the passphrase or PIN belongs to another user"
        case .notRegular: "the passphrase or PIN is not in a regular file"
        case .file(ENOENT): "the file of the passphrase or PIN is not there"
        case .file(EACCES): "this user may not read the file of the passphrase or PIN"
        case .file(let number): "the file of the passphrase or PIN could not be read (errno \(number))"
        case .descriptor: "the descriptor of the passphrase or PIN is not open for reading"
        case .terminal: "the descriptor of the passphrase or PIN is a terminal, and nobody is asked there"
        case .noCredentials: "CREDENTIALS_DIRECTORY is not set; only systemd sets it, for LoadCredential= and its like"
        }
    }
}
