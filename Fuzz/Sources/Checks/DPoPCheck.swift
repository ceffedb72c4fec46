import MayflyBroker
import MayflyModel

/// The URL in a proof has one spelling, and a proof that nobody signed holds for nothing.
enum DPoPCheck {
    static func run(_ bytes: [UInt8]) {
        if let text = String(validating: bytes, as: UTF8.self) { check(url: text) }
        guard let proof = try? DPoPProof(bytes[...]) else { return }
        require(proof.thumbprint.utf8.count == 43, "a key is known by its thumbprint")
        require(!proof.names(token: bytes[...]), "a proof does not name itself")
        let url = require("a constant is made") { try present(ProofURI(request: "https://m.example/oauth2/token")) }
        let isHeld = (try? proof.check(method: "POST", targets: [url], at: Timestamp(seconds: 0), skew: 60)) != nil
        require(!isHeld, "made-up bytes are nobody's signature")
    }

    private static func check(url text: String) {
        guard let url = ProofURI(claim: text) else { return }
        require(text.utf8.count <= ProofURI.maximumLength, "a URL is bounded")
        require(url.text.hasPrefix(url.origin + "/"), "a URL is an origin and a path")
        require(url.text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "no control character gets in")
        require(!url.text.utf8.contains { "?#".utf8.contains($0) }, "a URL has neither query nor fragment")
        if text.utf8.count + 8 <= ProofURI.maximumLength {
            require(ProofURI(claim: url.text) == url, "one spelling is its own")
            require(ProofURI(request: text + "?a=b#c") == url, "a query does not count")
        }
        let segments = url.text.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3)
        require(!segments.contains(".") && !segments.contains(".."), "no segment leads up")
    }

    private struct Absent: Error {}

    private static func present<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Absent() }
        return value
    }
}
