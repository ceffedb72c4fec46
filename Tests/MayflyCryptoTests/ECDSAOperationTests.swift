import Dispatch
@testable import MayflyCrypto
import Synchronization
import Testing

/// What is set up once for a key and copied for each signature.
@Suite struct ECDSAOperationTests {
    @Test func manyThreadsUseOneKeyAtOnce() throws {
        let key = try PrivateKey.generate(.es256)
        let wrong = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<100 {
                let message = Array("\(thread) \(round)".utf8)
                guard let signature = try? key.sign(message),
                    key.publicKey.verify(signature, over: message, with: .es256),
                    !key.publicKey.verify(signature, over: message + [0], with: .es256)
                else {
                    wrong.add(1, ordering: .relaxed)
                    continue
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test func aRefusedSignatureLeavesTheNextOneAlone() throws {
        let key = try PrivateKey.generate(.es256)
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        for place in signature.indices {
            var changed = signature
            changed[place] ^= 1
            #expect(!key.publicKey.verify(changed, over: message, with: .es256))
            #expect(key.publicKey.verify(signature, over: message, with: .es256))
        }
    }

    @Test func aKeyOfAnotherTypeAndAKeyForTheOtherUseSignNothing() throws {
        let message = Array("message".utf8)
        let verifying = ParsedKey(try PrivateKey.generate(.es256).publicKey.material.makeHandle(), for: .verifying)
        #expect(throws: CryptoError.self) { try verifying.signature(over: message, with: .es256) }
        let other = ParsedKey(try PrivateKey.generate(.edDSA).publicKey.material.makeHandle(), for: .verifying)
        #expect(!other.verifies([UInt8](repeating: 48, count: 64), over: message, with: .es256))
        #expect(throws: CryptoError.self) { try other.signature(over: message, with: .es256) }
    }
}
