import MayflyBroker
import MayflyModel

/// `/api/v1/providers`: who vouches for workloads and people, and how their keys are.
enum ProvidersAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/providers", "List identity providers", access: .read, success: (200, "ProviderPage"),
            query: ["limit", "cursor"]
        ) { call throws(Failure) in
            let providers = call.broker.state.read { $0.providers.all }
            let records = providers.map { ($0.id.text, shown($0, call.broker)) }
            return .reply(try Page.reply(call.request, name: "providers", records: records))
        },
        Endpoint(
            "POST", "/api/v1/providers", "Register an identity provider", access: .admin, request: "ProviderSpec",
            success: (201, "Provider")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try ProviderSpec(&fields) }
            return try RegistryAPI.write(.provider(spec), &fields, if: .absent, call)
        },
        Endpoint(
            "GET", "/api/v1/providers/{id}", "Read an identity provider, and how its keys are", access: .read,
            success: (200, "Provider")
        ) { call throws(Failure) in
            let provider = try provider(call)
            return .reply(AdminReply.object(shown(provider, call.broker), version: provider.version))
        },
        Endpoint(
            "PUT", "/api/v1/providers/{id}", "Replace an identity provider", access: .admin, request: "ProviderSpec",
            success: (200, "Provider"), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", ProviderID.self)
            var fields = try call.fields()
            let spec = try RegistryAPI.field { () throws(FieldError) in try ProviderSpec(&fields) }
            try RegistryAPI.same(id.text, spec.id.text)
            return try RegistryAPI.write(
                .provider(spec), &fields, if: try AdminReply.precondition(call.request), call)
        },
        Endpoint(
            "DELETE", "/api/v1/providers/{id}", "Remove a provider that no agent trusts", access: .admin,
            success: (204, nil), needsETag: true
        ) { call throws(Failure) in
            let id = try call.identifier("id", ProviderID.self)
            let precondition = try AdminReply.precondition(call.request)
            return .waiting({
                call.broker.administration.remove(provider: id, if: precondition, by: call.actor, $0)
            }) { AdminReply.empty }
        },
        Endpoint(
            "POST", "/api/v1/providers/{id}/fetch", "Fetch a provider's keys now, at the node that is asked",
            access: .admin, success: (200, "Provider")
        ) { call throws(Failure) in
            let provider = try provider(call)
            guard case .pinned = provider.spec.keySource else {
                return .parked { parked in
                    let broker = call.broker
                    let isWaiting = broker.providerKeys.whenFetched(provider, isForced: true) {
                        parked.finish(AdminReply.object(shown(provider, broker), version: provider.version))
                    }
                    if !isWaiting { parked.finish(Problem.reply(for: .broker(.unavailable(.overloaded)))) }
                }
            }
            return .reply(AdminReply.object(shown(provider, call.broker), version: provider.version))
        },
        test,
    ]

    private static let test = Endpoint(
        "POST", "/api/v1/trust/test", "What a provider's token would be taken for, and why; nothing is used up",
        access: .admin, request: "TrustTest", success: (200, "TrustReport")
    ) { call throws(Failure) in
        var fields = try call.fields()
        let token: [UInt8]
        let (form, clientID): (AssertionForm?, String?)
        do throws(FieldError) {
            token = Array(try fields.string("token", maximum: maximumTokenLength).utf8)
            form = try fields.choice("type", TestForm.self)?.form
            clientID = try fields.optionalString("client_id", maximum: 128)
            try fields.finish()
        } catch {
            throw .field(error)
        }
        let broker = call.broker
        return KeyWait.run(broker) { () throws(Never) in
            broker.trust.explain(token, form: form, clientID: clientID, at: broker.clock.now())
        } found: { report in
            .reply(AdminReply.object(report.json))
        } refused: { _ in
            .reply(Problem.reply(for: .broker(.unavailable(.overloaded))))
        }
    }

    /// Longer than any token that would be taken, so that a long one is explained rather than refused.
    private static let maximumTokenLength = 16 * 1024

    private enum TestForm: String, CaseIterable {
        case bearer = "jwt-bearer"
        case spiffe = "jwt-spiffe"

        var form: AssertionForm { self == .spiffe ? .spiffe : .bearer }
    }

    private static func provider(_ call: Call) throws(Failure) -> Provider {
        let id = try call.identifier("id", ProviderID.self)
        guard let provider = call.broker.state.read({ $0.providers[id] }) else { throw .broker(.notFound) }
        return provider
    }

    private static func shown(_ provider: Provider, _ broker: Broker) -> JSONObject {
        var object = provider.stored
        object["keys"] = .object(broker.providerKeys.status(of: provider).json)
        return object
    }
}

extension ProviderKeys.Status {
    var json: JSONObject {
        var object: JSONObject = ["count": .integer(Int64(keyCount))]
        object["age"] = age.map { .integer($0) }
        object["fault"] = fault.map { .string($0.rawValue) }
        object["explanation"] = fault.map { .string($0.explanation) }
        return object
    }
}

extension TrustReport {
    var json: JSONObject {
        var object: JSONObject = ["accepted": .bool(agent != nil)]
        object["person"] = actedFor.map { .string($0.person.text) }
        object["roles"] = actedFor.map { .array($0.roles.map { .string($0.text) }) }
        object["agent"] = agent.map { .string($0.text) }
        object["fault"] = fault.map { .string($0.rawValue) }
        object["explanation"] = fault.map { .string($0.explanation) }
        object["provider"] = provider.map { .string($0.text) }
        object["keys"] = keys.map { .object($0.json) }
        object["conditions"] = .array(
            candidates.map { candidate in
                .object([
                    "agent": .string(candidate.agent.text), "index": .integer(Int64(candidate.index)),
                    "holds": .bool(candidate.holds), "items": .array(candidate.items.map { .object($0.json) }),
                ])
            })
        if isCut { object["more"] = .bool(true) }
        return object
    }
}

extension TrustReport.Item {
    var json: JSONObject {
        var object: JSONObject = ["name": .string(name), "holds": .bool(holds), "expected": expected]
        object["found"] = found
        return object
    }
}
