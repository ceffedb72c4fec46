import MayflyBroker
import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyPolicy

extension Operation {
    /// The operations that an issue, an exchange, an introspection and a decision are made of.
    static func all() throws(MicroError) -> [Operation] {
        do {
            return try signatures() + proofs() + grants() + bundles() + records()
        } catch {
            throw MicroError("cannot prepare: \(error)")
        }
    }

    private static func signatures() throws -> [Operation] {
        let key = try PrivateKey.generate(.es256)
        let claims = try claims()
        let payload = claims.encoded()
        let compact = Array(
            try JWS.sign(payload: payload, type: "at+jwt", keyID: key.publicKey.thumbprint, with: key).utf8)
        let parsed = try JWS.parse(compact)
        return [
            Operation(name: "jws.sign") {
                keep(try? JWS.sign(payload: payload, type: "at+jwt", keyID: key.publicKey.thumbprint, with: key))
            },
            Operation(name: "jws.verify") { keep(parsed.isSigned(by: key.publicKey)) },
            Operation(name: "jws.parse") { keep(try? JWS.parse(compact)) },
            Operation(name: "json.parse") { keep(try? JSONParser.parseObject(payload)) },
            Operation(name: "claims.encode") { keep(claims.encoded()) },
        ]
    }

    private static func grants() throws -> [Operation] {
        let site = try Site()
        let request = GrantRequest(
            resource: site.url, scopes: site.narrow.scopes,
            details: [.object(["type": .string("order"), "identifier": .string("/orders/2026/17")])])
        let question = ActionQuestion(action: "read", type: "order", identifier: "/orders/2026/17")
        let subject = ActionPolicy.Subject(
            scopes: site.wide.scopes, details: site.wide.details.details.map(\.json), resourceScopes: site.wide.scopes,
            schemas: [site.schema],
            actions: [ActionPolicy.Action(name: "read", scope: Scope("orders:read"), readOnly: true)],
            expiresAt: 2_000_000_000)
        guard ActionPolicy.decide(question, about: subject).isAllowed else {
            throw MicroError("the question is not allowed")
        }
        _ = try Grant.attenuate(request, within: site.wide, schemas: [site.schema])
        return [
            Operation(name: "grant.meet") { keep(site.wide.meet(site.narrow)) },
            Operation(name: "grant.attenuate") {
                keep(try? Grant.attenuate(request, within: site.wide, schemas: [site.schema]))
            },
            Operation(name: "policy.decide") { keep(ActionPolicy.decide(question, about: subject)) },
        ]
    }

    private static func records() throws -> [Operation] {
        let event = try event()
        let time = Timestamp(seconds: 1_800_000_000)
        let leaf = event.entry(index: 1, time: time).leafHash
        var frontier = MerkleFrontier()
        let book = BehaviourBook(metrics: BrokerMetrics())
        let commands = [[event]]
        return [
            Operation(name: "ledger.encode") { keep(event.entry(index: 123_456, time: time)) },
            Operation(name: "tree.append") { keep(frontier.append(leaf)) },
            Operation(name: "behaviour.observe") { book.committed(commands, at: time) },
        ]
    }

    private static func claims() throws -> TokenClaims {
        let chain = try chain()
        return TokenClaims(
            issuer: "https://broker.example.com", subject: "agent:planner", audience: "https://orders.example.com",
            clientID: "agent:reader", tokenID: chain[2].tokenID, issuedAt: 1_800_000_000, expiresAt: 1_800_000_300,
            scopes: ScopeSet(["orders:read", "orders:write"].compactMap { Scope($0) }), task: "quarterly-report",
            trace: "0af7651916cd43dd8448eb211c80319c", chain: chain)
    }

    private static func event() throws -> LedgerEvent {
        let claims = try claims()
        var event = LedgerEvent(.tokenDelegated, .ok, actor: claims.clientID)
        event.subject = claims.subject
        event.agent = claims.chain.last?.agent
        event.owner = OwnerID("owner:dana")
        event.resource = claims.audience
        event.decision = "allow"
        event.rule = "registry.ceiling+parent"
        event.scope = claims.scopes.text
        event.task = claims.task
        event.trace = claims.trace
        event.token = claims.tokenID
        event.expiresAt = Timestamp(seconds: claims.expiresAt)
        event.chain = claims.chain
        return event
    }

    private static func chain() throws -> [ChainLink] {
        try ["agent:planner", "agent:worker", "agent:reader"].map { name in
            guard let agent = AgentID(name) else { throw MicroError("'\(name)' is no agent") }
            return ChainLink(tokenID: try SecureRandom.token(byteCount: 16), agent: agent, epoch: 7)
        }
    }

    /// A resource with one kind of detail, and two grants at it.
    private struct Site {
        let url: ResourceURL
        let schema: DetailSchema
        let wide: Grant
        let narrow: Grant

        init() throws {
            guard let url = ResourceURL("https://orders.example.com"),
                let identifier = DetailMember(name: "identifier", order: .path),
                let readOnly = DetailMember(name: "read_only", order: .flag)
            else { throw MicroError("the resource is not acceptable") }
            self.url = url
            let schema = try DetailSchema(type: "order", members: [identifier, readOnly])
            func grant(_ scopes: [String], _ path: String, _ isReadOnly: Bool) throws -> Grant {
                let detail: JSONValue = .object([
                    "type": .string("order"), "identifier": .string(path), "read_only": .bool(isReadOnly),
                ])
                return Grant(
                    resource: url, scopes: ScopeSet(scopes.compactMap { Scope($0) }),
                    details: try DetailSet.parse([detail], schemas: [schema]))
            }
            self.schema = schema
            wide = try grant(["orders:read", "orders:write", "orders:list"], "/orders/2026", false)
            narrow = try grant(["orders:read", "orders:list"], "/orders/2026/17", true)
        }
    }
}
