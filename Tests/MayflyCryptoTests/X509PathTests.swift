internal import CertificateHarness
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Paths of client certificates (RFC 5280 §6), each rule broken once.
@Suite struct X509PathTests {
    /// One of each, made once.
    private struct Bench: Sendable {
        let root: TestAuthority
        let other: TestAuthority
        let intermediate: TestAuthority
        let validator: X509PathValidator

        init() throws {
            root = try TestAuthority()
            other = try TestAuthority(.authority("/O=Other/CN=Root"))
            intermediate = try root.intermediate()
            validator = try X509PathValidator(anchors: [root.certificate.der])
        }
    }

    private static let bench = Result { try Bench() }
    /// 2030-01-01.
    private static let now = Timestamp(seconds: 1_893_456_000)

    private func leaf(_ edit: (inout TestAuthority.Request) -> Void = { _ in }) -> TestAuthority.Request {
        var request = TestAuthority.Request()
        edit(&request)
        return request
    }

    private func isValid(
        _ leaf: TestCertificate, _ chain: [TestCertificate] = [], at moment: Timestamp = now
    ) throws -> Bool {
        let validator = try Self.bench.get().validator
        return (try? validator.validate(leaf: leaf.der, chain: chain.map(\.der), at: moment)) != nil
    }

    @Test func aPathToTheRootHoldsDirectlyAndThroughAnIntermediate() throws {
        let bench = try Self.bench.get()
        #expect(try isValid(try bench.root.issue(leaf())))
        let below = try bench.intermediate.issue(leaf())
        #expect(try isValid(below, [bench.intermediate.certificate]))
        // In any order, with others among them, and with the root itself.
        #expect(
            try isValid(
                below, [bench.other.certificate, bench.root.certificate, bench.intermediate.certificate]))
        #expect(try !isValid(below))
    }

    @Test func theValidityIsThatOfTheShortestCertificate() throws {
        let bench = try Self.bench.get()
        let short = try bench.root.issue(leaf { ($0.from, $0.until) = ("20290101000000Z", "20310101000000Z") })
        let path = try bench.validator.validate(leaf: short.der, chain: [], at: Self.now)
        #expect(path.validity == 1_861_920_000...1_924_992_000)
        #expect(path.leaf.notBefore.seconds == 1_861_920_000)
        for (moment, holds) in [
            (1_861_919_999, false), (1_861_920_000, true), (1_924_991_999, true), (1_924_992_001, false),
        ] {
            #expect(try isValid(short, at: Timestamp(seconds: Int64(moment))) == holds, "\(moment)")
        }
    }

    private static let broken: [(name: String, edit: @Sendable (inout TestAuthority.Request) -> Void)] = [
        ("expired", { $0.until = "20210101000000Z" }),
        ("not yet valid", { $0.from = "20350101000000Z" }),
        ("for servers alone", { $0.extendedKeyUsage = "serverAuth" }),
        ("for signing code", { $0.extendedKeyUsage = "codeSigning" }),
        ("key for agreement alone", { $0.keyUsage = "critical,keyEncipherment" }),
        ("signed with SHA-1", { $0.digest = "sha1" }),
        ("a short RSA key", { ($0.keyType, $0.algorithm) = ("rsa:1024", []) }),
    ]

    @Test(arguments: 0..<broken.count)
    func aLeafThatBreaksARuleHasNoPath(_ index: Int) throws {
        let bench = try Self.bench.get()
        let rule = Self.broken[index]
        let made = try bench.root.issue(leaf { rule.edit(&$0) })
        #expect(try !isValid(made), "\(rule.name)")
    }

    @Test func anotherAuthorityIsNotBelieved() throws {
        let bench = try Self.bench.get()
        let foreign = try bench.other.issue(leaf())
        #expect(try !isValid(foreign))
        #expect(try !isValid(foreign, [bench.other.certificate]))
        // The same name as the root's does not make it the root.
        let twin = try TestAuthority()
        #expect(try !isValid(try twin.issue(leaf()), [twin.certificate]))
        #expect(try !isValid(try bench.root.selfSigned(leaf())))
    }

    @Test func whatIsNoAuthorityVouchesForNobody() throws {
        let bench = try Self.bench.get()
        let leafAsIssuer = try bench.root.intermediate(leaf { $0.subject = "/O=Example/CN=Leaf" })
        let below = try leafAsIssuer.issue(leaf())
        #expect(try !isValid(below, [leafAsIssuer.certificate]))
        // pathlen 0 allows leaves alone below it.
        let narrow = try bench.root.intermediate(.authority("/O=Example/CN=Narrow", 0))
        #expect(try isValid(try narrow.issue(leaf()), [narrow.certificate]))
        let tooDeep = try narrow.intermediate(.authority("/O=Example/CN=Deeper"))
        #expect(try !isValid(try tooDeep.issue(leaf()), [tooDeep.certificate, narrow.certificate]))
    }

    /// An intermediate is no place to end at, even when it is an anchor: a partial chain.
    @Test func anAnchorIsASelfSignedAuthority() throws {
        let bench = try Self.bench.get()
        #expect(throws: X509Error.notAnAuthority) {
            try X509PathValidator(anchors: [bench.intermediate.certificate.der])
        }
        let plain = try bench.root.selfSigned(leaf())
        #expect(throws: X509Error.notAnAuthority) { try X509PathValidator(anchors: [plain.der]) }
        #expect(throws: X509Error.noAnchors) { try X509PathValidator(anchors: []) }
    }

    @Test func aLongChainIsNotLookedAt() throws {
        let bench = try Self.bench.get()
        let made = try bench.root.issue(leaf())
        let many = Array(repeating: bench.root.certificate, count: X509PathValidator.maximumChain)
        #expect(throws: X509Error.tooLarge) {
            try bench.validator.validate(leaf: made.der, chain: many.map(\.der), at: Self.now)
        }
        // Four intermediates are as many as a path may have.
        var authority = bench.root
        var chain: [TestCertificate] = []
        for depth in 1...5 {
            authority = try authority.intermediate(.authority("/O=Example/CN=Depth \(depth)"))
            chain.append(authority.certificate)
            let holds = try isValid(try authority.issue(leaf()), chain)
            #expect(holds == (depth <= X509PathValidator.maximumIntermediates), "\(depth)")
        }
    }

    @Test func bytesThatAreNoCertificateAreRefusedAndNothingTraps() throws {
        let bench = try Self.bench.get()
        let good = try bench.root.issue(leaf { $0.alternativeNames = "DNS:a.example" }).der
        var random = SystemRandomNumberGenerator()
        var samples: [[UInt8]] = [[], [0x30], [0x30, 0x80, 0, 0], good + [0], Array(good.dropLast())]
        samples.append([UInt8](repeating: 0x30, count: X509Certificate.maximumLength + 1))
        for sample in samples { #expect((try? X509Certificate(der: sample)) == nil, "\(sample.count)") }
        for _ in 0..<400 {
            var changed = good
            let place = Int.random(in: changed.indices, using: &random)
            changed[place] ^= UInt8.random(in: 1...255, using: &random)
            let holds = (try? bench.validator.validate(leaf: changed, chain: [], at: Self.now)) != nil
            #expect(!holds, "byte \(place)")
        }
    }

    @Test func rulesOfAnSVID() throws {
        let bench = try Self.bench.get()
        func fault(_ edit: (inout TestAuthority.Request) -> Void) throws -> X509Error? {
            let made = try X509Certificate(der: try bench.root.issue(leaf(edit)).der)
            do throws(X509Error) {
                #expect(try made.svidURI() == "spiffe://example.org/a")
                return nil
            } catch {
                return error
            }
        }
        let uri = "URI:spiffe://example.org/a"
        #expect(try fault { $0.alternativeNames = uri } == nil)
        #expect(try fault { $0.alternativeNames = uri + ",DNS:a.example" } == nil)
        #expect(try fault { _ in } == .notAnSVID(.uriCount))
        #expect(try fault { $0.alternativeNames = uri + ",URI:spiffe://example.org/b" } == .notAnSVID(.uriCount))
        #expect(
            try fault { ($0.alternativeNames, $0.basicConstraints) = (uri, "critical,CA:true") }
                == .notAnSVID(.authority))
        for usage in [nil, "digitalSignature", "critical,keyAgreement", "critical,digitalSignature,cRLSign"] {
            #expect(try fault { ($0.alternativeNames, $0.keyUsage) = (uri, usage) } == .notAnSVID(.keyUsage))
        }
    }
}
