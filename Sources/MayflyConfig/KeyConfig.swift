package import MayflyModel

/// Where the signing keys are, when they are in a PKCS#11 token, and how files with keys are opened.
package struct KeyConfig: Equatable, Sendable {
    /// Opens the key files that are encrypted, and encrypts those that are written; nil for files that are not.
    package var passphrase: SecretSource?
    /// The token in which the signing keys are made.
    package var token: Token?

    package struct Token: Equatable, Sendable {
        package static let labelRule = "must be 1 to 32 bytes of text without control characters"
        package static let moduleRule = "must be the absolute path of a PKCS#11 module"

        /// The module's file.
        package var module: String
        /// The token's label.
        package var label: String
        package var pin: SecretSource

        package init(module: String, label: String, pin: SecretSource) {
            (self.module, self.label, self.pin) = (module, label, pin)
        }

        package static func isLabel(_ text: String) -> Bool {
            (1...32).contains(text.utf8.count)
                && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        }

        package static func isModule(_ path: String) -> Bool {
            path.utf8.first == UInt8(ascii: "/") && !path.utf8.contains(0)
                && path.utf8.count <= BrokerConfig.maximumPathLength
        }
    }

    package init() {}

    init(
        _ keys: inout FieldReader, path: (String, inout FieldReader) throws(FieldError) -> String?
    ) throws(FieldError) {
        passphrase = try Self.source("passphrase", of: &keys, path)
        guard var fields = try keys.object("pkcs11") else { return }
        let module = try fields.string("module", maximum: BrokerConfig.maximumPathLength)
        guard Token.isModule(module) else { throw fields.failure("module", .invalid(rule: Token.moduleRule)) }
        let label = try fields.string("token")
        guard Token.isLabel(label) else { throw fields.failure("token", .invalid(rule: Token.labelRule)) }
        guard let pin = try Self.source("pin", of: &fields, path) else {
            throw fields.failure("pin_file", .invalid(rule: "must be there, or pin_fd, or pin_credential"))
        }
        try fields.finish()
        if case .descriptor(let number) = pin, passphrase == .descriptor(number) {
            throw keys.failure(
                "passphrase_fd", .invalid(rule: "must be another descriptor than pin_fd: each is read to its end"))
        }
        token = Token(module: module, label: label, pin: pin)
    }

    /// The one of `NAME_file`, `NAME_fd` and `NAME_credential` that is given.
    private static func source(
        _ name: String, of reader: inout FieldReader,
        _ path: (String, inout FieldReader) throws(FieldError) -> String?
    ) throws(FieldError) -> SecretSource? {
        var found: [SecretSource] = []
        if let file = try path("\(name)_file", &reader) { found.append(.file(file)) }
        if let number = try reader.optionalInteger("\(name)_fd", in: 0...1023) {
            guard let source = SecretSource.descriptor(number: number) else {
                throw reader.failure("\(name)_fd", .invalid(rule: SecretSource.descriptorRule))
            }
            found.append(source)
        }
        if let text = try reader.optionalString("\(name)_credential") {
            guard let source = SecretSource.named(text) else {
                throw reader.failure("\(name)_credential", .invalid(rule: SecretSource.credentialRule))
            }
            found.append(source)
        }
        guard found.count <= 1 else {
            throw reader.failure("\(name)_file", .invalid(rule: "must be the only one of _file, _fd and _credential"))
        }
        return found.first
    }
}
