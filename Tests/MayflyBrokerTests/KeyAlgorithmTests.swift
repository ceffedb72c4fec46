import MayflyBroker
import MayflyCrypto
import MayflyModel
import Testing

/// One key, one algorithm (RFC 8725 §3.1): that of the proof by which an RSA key was enrolled, at each later start too.
@Suite struct KeyAlgorithmTests {
    @Test func anEnrolledKeySignsByTheAlgorithmOfItsProofAlone() throws {
        let world = try World()
        let key = try PrivateKey.generate(.rs256)
        let code = try world.code("agent:root")
        let answer = try world.sendProof(code, try world.proof("agent:root", nonce: World.nonce(code), key: key))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try world.sendAssertion(try world.assertion("agent:root", key: key)).status == 200)
        func registered(_ world: World) throws -> PublicKey {
            let id = try #require(AgentID("agent:root"))
            let keys = world.broker.state.read { $0.agents[id]?.keys ?? [] }
            return try #require(keys.first { $0.keyID == key.publicKey.thumbprint }).key
        }
        #expect(try registered(world).algorithms == [.rs256])
        let again = try World(restarting: world)
        #expect(try registered(again).algorithms == [.rs256])
        #expect(try again.sendAssertion(try again.assertion("agent:root", key: key)).status == 200)
        #expect(try again.admin("GET", "/api/v1/agents/agent:root").text.contains(#""alg":"RS256""#))
    }

    @Test func whatWasPinnedIsReadBackAsItWasAndVerifiesNothingElse() throws {
        let key = try PrivateKey.generate(.rs256)
        let free = key.publicKey
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        #expect(free.registeredJWK["alg"] == nil || free.algorithms.count == 1)
        let other = try PublicKey(jwk: free.jwk)
        #expect(other.algorithms == [.rs256, .ps256] && other.registeredJWK["alg"] == nil)
        let pinned = try #require(other.pinned(to: .ps256))
        #expect(pinned.thumbprint == other.thumbprint && pinned.algorithms == [.ps256])
        #expect(!pinned.verify(signature, over: message, with: .rs256))
        #expect(!pinned.verify(signature, over: message, with: .ps256))
        let back = try PublicKey(registered: pinned.registeredJWK)
        #expect(back == pinned)
        #expect(!back.verify(signature, over: message, with: .rs256))
        #expect(other.pinned(to: .es256) == nil)
        let rightly = try #require(other.pinned(to: .rs256))
        #expect(rightly.verify(signature, over: message, with: .rs256))
        // Where there is no choice there is nothing to say.
        let curve = try PrivateKey.generate(.es256).publicKey
        #expect(curve.registeredJWK["alg"] == nil && curve.pinned(to: .es256) == curve)
    }
}
