import MayflyModel
import MayflyServer

/// Credentials that were read are bounded, never print, and are read again as the same once they are encoded.
enum AuthorizationCheck {
    static func run(_ bytes: [UInt8]) {
        guard let header = try? AuthorizationHeader.parse(bytes) else { return }
        switch header {
        case .unsupported: break
        case .bearer(let credentials): check(credentials, scheme: "Bearer")
        case .dpop(let credentials): check(credentials, scheme: "DPoP")
        case .basic(let credentials): check(credentials)
        }
    }

    private static func check(_ credentials: BearerCredentials, scheme: String) {
        require((1...BearerCredentials.maximumLength).contains(credentials.token.utf8.count), "a token is bounded")
        require(credentials.token.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a token is printable ASCII")
        let again = require("a written token is read again") {
            try AuthorizationHeader.parse("\(scheme) \(credentials.token)")
        }
        switch again {
        case .bearer(let other), .dpop(let other): require(other == credentials, "a token survives being written")
        case .basic, .unsupported: require(false, "a token stays one")
        }
        require("\(credentials)" == "BearerCredentials(redacted)", "a token does not print")
    }

    private static func check(_ credentials: BasicCredentials) {
        require(!credentials.clientID.isEmpty, "somebody asks")
        require(!"\(credentials.clientID)\(credentials.secret)".utf8.contains(0), "no NUL gets in")
        let pair = "\(credentials.clientID.percentEncoded):\(credentials.secret.percentEncoded)"
        let encoded = Base64.encode(Array(pair.utf8))
        // Percent-encoding makes the pair longer, perhaps too long.
        guard encoded.utf8.count <= BasicCredentials.maximumLength else { return }
        let again = require("a written pair is read again") { try AuthorizationHeader.parse("Basic \(encoded)") }
        guard case .basic(let other) = again else { return require(false, "a pair stays one") }
        require(other.clientID.isExactly(credentials.clientID), "the identifier survives being written")
        require(other.secret.isExactly(credentials.secret), "the secret survives being written")
        require("\(credentials)" == "BasicCredentials(redacted)", "a secret does not print")
    }
}
