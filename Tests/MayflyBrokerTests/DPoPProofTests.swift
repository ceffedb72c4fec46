internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Proofs as RFC 9449 prints them, and the URLs that they name.
struct DPoPProofTests {
    /// The examples of §4.1, §5 and §7.1, with the key and the token that they belong to.
    @Test func theExamplesOfTheStandardHold() throws {
        let vectors = try VectorFile.read("rfc9449-dpop/vectors.json")
        let token = Array(try #require(vectors["access_token"]?.stringValue).utf8)[...]
        let proofs = try #require(vectors["proofs"]?.arrayValue).compactMap(\.objectValue)
        #expect(proofs.count == 3)
        for vector in proofs {
            let compact = Array(try #require(vector["proof"]?.stringValue).utf8)[...]
            let claims = try #require(vector["claims"]?.objectValue)
            let proof = try DPoPProof(compact)
            #expect(proof.thumbprint == vector["jkt"]?.stringValue)
            let method = try #require(claims["htm"]?.stringValue)
            let url = try #require(claims["htu"]?.stringValue.flatMap { ProofURI(request: $0) })
            let issued = try #require(claims["iat"]?.integerValue)
            func check(_ method: String, _ url: ProofURI, _ second: Int64) throws {
                try proof.check(method: method, targets: [url], at: Timestamp(seconds: second), skew: 0)
            }
            try check(method, url, issued)
            try check(method, url, issued + 60)
            #expect(throws: ProofFault.time) { try check(method, url, issued + 61) }
            #expect(throws: ProofFault.time) { try check(method, url, issued - 1) }
            #expect(throws: ProofFault.method) { try check("PUT", url, issued) }
            let other = try #require(ProofURI(request: "https://other.example.com/token"))
            #expect(throws: ProofFault.target) { try check(method, other, issued) }
            #expect(proof.names(token: token) == (claims["ath"] != nil))
            #expect(!proof.names(token: token.dropLast()))
            // One bit anywhere makes it another text, which nobody signed.
            var random = SeededGenerator(seed: 9449)
            for _ in 0..<200 {
                var changed = Array(compact)
                let index = Int.random(in: changed.indices, using: &random)
                changed[index] ^= 1 << UInt8.random(in: 0..<7, using: &random)
                let isGood =
                    (try? DPoPProof(changed[...]).check(
                        method: method, targets: [url], at: Timestamp(seconds: issued), skew: 0)) != nil
                #expect(!isGood, "seed 9449, byte \(index)")
            }
        }
        #expect(vectors["ath"] == proofs[2]["claims"]?.objectValue?["ath"])
    }

    @Test(arguments: [
        ("https://a.example", "https://a.example/"), ("HTTPS://A.Example", "https://a.example/"),
        ("https://a.example:443/x", "https://a.example/x"), ("http://a.example:80", "http://a.example/"),
        ("https://a.example:80/", "https://a.example:80/"), ("https://a.example:/x", "https://a.example/x"),
        ("https://a.example/a/./b/../c", "https://a.example/a/c"), ("https://a.example/..", "https://a.example/"),
        ("https://a.example/a/..", "https://a.example/"), ("https://a.example/a/.", "https://a.example/a/"),
        ("https://a.example/%7euser", "https://a.example/~user"), ("https://a.example/%2f", "https://a.example/%2F"),
        ("https://a.example/%2e%2E/x", "https://a.example/x"), ("https://a.example//x", "https://a.example//x"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://a.example/X", "https://a.example/X"),
        ("https://a.example/x/", "https://a.example/x/"), ("https://a.example/a;b=c", "https://a.example/a;b=c"),
    ])
    func aURLHasOneSpelling(_ url: String, _ spelling: String) {
        #expect(ProofURI(claim: url)?.text == spelling)
        #expect(ProofURI(request: url + "?q#f")?.text == spelling)
        // The one spelling is its own.
        #expect(ProofURI(claim: spelling)?.text == spelling)
    }

    @Test(arguments: [
        "", "/", "a", "https:", "https:/", "https://", "https:///x", "https://:443", "ftp://a", "javascript:x",
        "https://u@a/", "https://u:p@a/", "https://a:x/", "https://a:0/", "https://a:65536/", "https://a:-1/",
        "https://a:+1/", "https://a b/", "https://a/ x", "https://a/\u{e9}", "https://\u{e9}/", "https://a/%",
        "https://a/%4",
        "https://a/%zz", "https://a/%+f", "https://a/<", "https://a/\\x", "https://a/{x}", "https://[::1",
        "https://[::1]x/",
        "https://a/\n", " https://a/", "https ://a/", "https://a/?x", "https://a/#x", "https://a?x", "https://a#x",
    ])
    func whatIsNoURLOfARequestIsNone(_ text: String) {
        #expect(ProofURI(claim: text) == nil)
    }
}
