import MayflyBroker
import MayflyCrypto
import MayflyModel
import Testing

/// How a provider's keys are fetched, kept, and fetched again, with a provider that behaves badly.
@Suite struct ProviderKeyTests {
    @Test func keysAreFetchedOnceForManyTokens() throws {
        let bench = try TrustBench()
        for _ in 0..<5 {
            let answer = try bench.ask(try bench.token())
            #expect(answer.status == 200, "\(answer.text)")
        }
        #expect(bench.site.fetched == [FakeSite.description, FakeSite.keys])
    }

    @Test func everyRequestWaitsForOneFetch() throws {
        let bench = try TrustBench()
        bench.site.hold()
        let forms = try (0..<20).map { _ in bench.form(try bench.token()) }
        let pending = try forms.map { try bench.world.begin("/oauth2/token", as: nil, $0) }
        #expect(bench.site.fetched == [FakeSite.description])
        bench.site.release()
        let statuses = pending.map { $0.wait().status }
        #expect(statuses == Array(repeating: 200, count: 20))
        #expect(bench.site.fetched.count == 2)
    }

    @Test func aNewKeyIsFoundAndMadeUpOnesAskNobodyTwice() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        let next = try PrivateKey.generate(.es256)
        bench.site.publish(keys: [("k1", bench.key), ("k2", next)])
        // The cool-down after the first fetch.
        let early = try bench.ask(try bench.token(keyID: "k2", key: next))
        #expect(early.error == "invalid_client")
        #expect(bench.site.fetched.count == 2)
        bench.world.clock.advance(31)
        let found = try bench.ask(try bench.token(keyID: "k2", key: next))
        #expect(found.status == 200, "\(found.text)")
        #expect(bench.site.fetched.count == 4)
        for number in 0..<50 {
            let answer = try bench.ask(try bench.token(keyID: "made-up-\(number)", key: next))
            #expect(answer.error == "invalid_client")
        }
        #expect(bench.site.fetched.count == 4)
        // What is known stays good meanwhile.
        let known = try bench.ask(try bench.token())
        #expect(known.status == 200)
    }

    @Test func aKeyThatIsWithdrawnIsGoneWithTheNextFetch() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        let next = try PrivateKey.generate(.es256)
        bench.site.publish(keys: [("k2", next)])
        bench.world.clock.advance(301)
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client")
        bench.world.clock.advance(31)
        let later = try bench.ask(try bench.token())
        #expect(later.error == "invalid_client")
        let report = try bench.explain(try bench.token())
        #expect(report.string("fault") == "unknown_key")
    }

    /// A failure from before the keys were past their time says nothing of whether newer ones can be had.
    @Test func anEarlierFailureLetsNoWithdrawnKeyGetBy() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        bench.world.clock.advance(60)
        bench.site.put(FakeSite.description, .failure(.unreachable))
        _ = try bench.world.admin("POST", "/api/v1/providers/provider:ci/fetch")
        let during = try bench.ask(try bench.token())
        #expect(during.status == 200, "\(during.text)")
        bench.site.publish(keys: [("k2", try PrivateKey.generate(.es256))])
        bench.world.clock.advance(241)
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client", "\(answer.text)")
    }

    @Test func keysThatAreAllTakenBackAreGoneAtOnce() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        bench.site.put(FakeSite.keys, ["keys": .array([])])
        let fetched = try bench.world.admin("POST", "/api/v1/providers/provider:ci/fetch")
        #expect(fetched["keys"]?.objectValue?["fault"] == .string("no_keys"))
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client")
    }

    /// Without a `kid` only the one key that it can be is tried.
    @Test func aTokenWithoutAKeyIDNeedsOneKeyThatItCanBe() throws {
        let bench = try TrustBench()
        let alone = try bench.ask(try bench.token(keyID: nil))
        #expect(alone.status == 200, "\(alone.text)")
        bench.site.publish(keys: [("k1", bench.key), ("k2", try PrivateKey.generate(.es256))])
        _ = try bench.world.admin("POST", "/api/v1/providers/provider:ci/fetch")
        let several = try bench.ask(try bench.token(keyID: nil))
        #expect(several.error == "invalid_client")
    }

    @Test func anOutageIsBridgedForAnHourAndNotLonger() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        bench.site.put(FakeSite.description, .failure(.unreachable))
        bench.world.clock.advance(3000)
        let during = try bench.ask(try bench.token())
        #expect(during.status == 200, "\(during.text)")
        let shown = try bench.world.admin("GET", "/api/v1/providers/provider:ci")
        #expect(shown["keys"]?.objectValue?["fault"] == .string("unreachable"))
        bench.world.clock.advance(1000)
        let after = try bench.ask(try bench.token())
        #expect(after.status == 503)
        #expect(after.error == "temporarily_unavailable")
        bench.site.publish(keys: [("k1", bench.key)])
        bench.world.clock.advance(31)
        let again = try bench.ask(try bench.token())
        #expect(again.status == 200, "\(again.text)")
    }

    @Test(
        arguments: [
            FetchFault.unreachable, .timedOut, .untrusted, .localAddress, .redirected, .status, .tooLarge, .off,
        ])
    func aProviderThatCannotBeAskedIsNeitherTrustedNorBlamedOnTheWorkload(_ fault: FetchFault) throws {
        let bench = try TrustBench()
        for url in [FakeSite.description, FakeSite.keys] {
            bench.site.publish(keys: [("k1", bench.key)])
            bench.site.put(url, .failure(fault))
            let answer = try bench.ask(try bench.token())
            #expect(answer.status == 503, "\(answer.text)")
            let fetched = try bench.world.admin("POST", "/api/v1/providers/provider:ci/fetch")
            #expect(fetched["keys"]?.objectValue?["fault"] == .string(fault.rawValue))
            bench.world.clock.advance(31)
        }
    }

    /// Documents that are not what they should be, and what is wrong with them.
    static let documents: [(String, String, FetchFault)] = [
        (FakeSite.description, "", .malformed), (FakeSite.description, "[]", .malformed),
        (FakeSite.description, #"{"issuer":"https://ci.example"}"#, .malformed),
        (FakeSite.description, #"{"jwks_uri":"https://ci.example/keys"}"#, .wrongIssuer),
        (
            FakeSite.description, #"{"issuer":"https://evil.example","jwks_uri":"https://ci.example/keys"}"#,
            .wrongIssuer
        ),
        (FakeSite.description, #"{"issuer":"https://ci.example/","jwks_uri":"https://ci.example/keys"}"#, .wrongIssuer),
        (FakeSite.description, "<html></html>", .malformed),
        (FakeSite.keys, "{}", .malformed), (FakeSite.keys, #"{"keys":{}}"#, .malformed),
        (FakeSite.keys, #"{"keys":[]}"#, .noKeys), (FakeSite.keys, #"{"keys":[1]}"#, .malformed),
        (FakeSite.keys, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, .malformed),
        (FakeSite.keys, #"{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}"#, .noKeys),
        (FakeSite.keys, String(repeating: "[", count: 100_000), .malformed),
        (FakeSite.keys, #"{"keys":[]"# + String(repeating: " ", count: 300_000) + "}", .malformed),
    ]

    @Test(arguments: documents)
    func aDocumentThatIsNotOneIsNoKey(_ url: String, _ text: String, _ fault: FetchFault) throws {
        let bench = try TrustBench()
        bench.site.put(url, .success(FetchedDocument(bytes: Array(text.utf8), maximumAge: nil)))
        let answer = try bench.ask(try bench.token())
        // Of a set without keys that can be used it is known that this key is not in it.
        #expect(answer.status == (fault == .noKeys ? 401 : 503))
        let shown = try bench.world.admin("GET", "/api/v1/providers/provider:ci")
        #expect(shown["keys"]?.objectValue?["fault"] == .string(fault.rawValue))
    }

    @Test(arguments: [(5, 61), (600, 601), (1_000_000, 3601)] as [(Int64, Int64)])
    func keysAreFreshForAsLongAsTheirSenderSaysWithinReason(_ age: Int64, _ wait: Int64) throws {
        let bench = try TrustBench()
        bench.site.publish(keys: [("k1", bench.key)], maximumAge: age)
        _ = try bench.ask(try bench.token())
        bench.world.clock.advance(wait - 2)
        _ = try bench.ask(try bench.token())
        #expect(bench.site.fetched.count == 2)
        bench.world.clock.advance(2)
        _ = try bench.ask(try bench.token())
        #expect(bench.site.fetched.count == 4)
    }

    @Test func anotherRegistrationStartsWithoutTheOldKeys() throws {
        let bench = try TrustBench()
        _ = try bench.ask(try bench.token())
        bench.site.put("https://ci.example/other", FakeSite.set([("k1", try PrivateKey.generate(.es256))]))
        let moved = try bench.world.change("/api/v1/providers/provider:ci") { object in
            object["keys"] = nil
            object["jwks_uri"] = .string("https://ci.example/other")
        }
        try #require(moved.status == 200, "\(moved.text)")
        let answer = try bench.ask(try bench.token())
        #expect(answer.error == "invalid_client")
        #expect(bench.site.fetched.last == "https://ci.example/other")
    }

    /// A provider that never answers takes a bounded number of requests with it.
    @Test func tooManyThatWaitAreSentAway() throws {
        let bench = try TrustBench()
        bench.site.hold()
        let forms = try (0..<300).map { _ in bench.form(try bench.token()) }
        let pending = try forms.map { try bench.world.begin("/oauth2/token", as: nil, $0) }
        let last = try #require(pending.last).wait()
        #expect(last.status == 503)
        bench.site.release()
        let statuses = pending.dropLast().map { $0.wait().status }
        #expect(statuses.filter { $0 == 200 }.count == 256)
        #expect(statuses.filter { $0 == 503 }.count == 43)
    }

    @Test(
        arguments: [
            #"{"id":"provider:x"}"#, #"{"id":"provider:x","issuer":"https://a.example","trust_domain":"a"}"#,
            #"{"id":"provider:x","issuer":"ftp://a.example"}"#, #"{"id":"provider:x","issuer":"https://u@a.example"}"#,
            #"{"id":"provider:x","issuer":"https://a.example?x"}"#, #"{"id":"provider:x","trust_domain":"a.example"}"#,
            #"{"id":"provider:x","trust_domain":"A","jwks_uri":"https://a.example"}"#,
            #"{"id":"provider:x","issuer":"https://a.example","jwks":{"keys":[]}}"#,
            #"{"id":"provider:x","issuer":"https://a.example","jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}"#,
            #"{"id":"provider:x","issuer":"https://a.example","algorithms":["HS256"]}"#,
            #"{"id":"provider:x","issuer":"https://a.example","algorithms":[]}"#,
            #"{"id":"provider:x","issuer":"https://a.example","max_token_life":1}"#,
            #"{"id":"provider:x","issuer":"https://a.example","max_token_life":"2h"}"#,
            #"{"id":"provider:x","issuer":"https://a.example","max_token_life":"8d","reusable":true}"#,
            #"{"id":"provider:x","issuer":"https://ci.example"}"#, #"{"id":"x","issuer":"https://a.example"}"#,
        ])
    func aRegistrationThatSaysTooLittleOrTooMuchIsRefused(_ body: String) throws {
        let bench = try TrustBench()
        let answer = try bench.world.admin("POST", "/api/v1/providers", body)
        #expect(answer.status == 422 || answer.status == 400, "\(answer.text)")
    }
}
