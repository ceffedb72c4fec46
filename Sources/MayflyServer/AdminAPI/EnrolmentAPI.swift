import MayflyBroker
import MayflyCrypto
import MayflyModel

/// Enrolment codes and the keys of agents and owners.
enum EnrolmentAPI {
    static let endpoints = [enrol] + Enrollee.agent.endpoints + Enrollee.owner.endpoints

    private static let enrol = Endpoint(
        "POST", "/api/v1/enrol", "Register a key with an enrolment code and a proof of possession",
        request: "Enrolment", success: (201, "KeyHolder")
    ) { call throws(Failure) in
        var fields = try call.fields()
        let code: String
        let proof: String
        let label: String
        do throws(FieldError) {
            code = try fields.string("code", maximum: 128)
            proof = try fields.string("proof", maximum: JWS.maximumLength)
            label = try fields.optionalString("label", maximum: RegistryLimits.nameLength) ?? "enrolled"
            try fields.finish()
        } catch {
            throw .field(error)
        }
        return .waiting({
            call.broker.administration.enrol(code: code, proof: Array(proof.utf8), label: label, $0)
        }) { AdminReply.object($0.stored, status: 201, version: $0.version) }
    }
}

/// The kinds of those who enrol; each has the same endpoints below its own collection.
private enum Enrollee: String, Sendable {
    case agent
    case owner

    var collection: String { "/api/v1/\(rawValue)s/{id}" }
    var schema: String { self == .agent ? "Agent" : "Owner" }
    /// With its article.
    var noun: String { self == .agent ? "an agent" : "an owner" }

    func holder(_ call: Call) throws(Failure) -> KeyHolder {
        switch self {
        case .agent: .agent(try call.identifier("id", AgentID.self))
        case .owner: .owner(try call.identifier("id", OwnerID.self))
        }
    }

    var endpoints: [Endpoint] { [makeCode, addKey, removeKey] }

    private var makeCode: Endpoint {
        Endpoint(
            "POST", collection + "/enrolment-codes", "Make a single-use enrolment code for \(noun)", access: .admin,
            success: (201, "EnrolmentCode")
        ) { call throws(Failure) in
            let holder = try holder(call)
            return .waiting({ call.broker.administration.enrolmentCode(for: holder, by: call.actor, $0) }) { answer in
                AdminReply.object(
                    [
                        rawValue: .string(holder.text), "code": .string(answer.code),
                        "expires": .string(RFC3339.format(answer.expires)),
                    ], status: 201)
            }
        }
    }

    private var addKey: Endpoint {
        Endpoint(
            "POST", collection + "/keys", "Register a further key of \(noun), signed in by an older one",
            request: "KeyRegistration", success: (201, schema)
        ) { call throws(Failure) in
            let holder = try holder(call)
            let body = try KeyRegistration(call)
            let client: AuthenticatedClient
            do throws(OAuthError) {
                client = try call.broker.authenticator.authenticate(
                    assertion: body.assertion, clientID: holder.text)
            } catch {
                throw .broker(.oauth(error))
            }
            let assertionID = (try? JWS.parse(body.assertion).claims())?["jti"]?.stringValue ?? ""
            return .waiting({
                call.broker.administration.addKey(
                    proof: body.proof, label: body.label, expires: body.expires, for: client,
                    assertionID: assertionID, $0)
            }) { AdminReply.object($0.stored, status: 201, version: $0.version) }
        }
    }

    private var removeKey: Endpoint {
        let effect = self == .agent ? "kill the agent's tokens" : "void what it signed in and voted for"
        return Endpoint(
            "DELETE", collection + "/keys/{kid}", "Remove a key of \(noun) and \(effect)", access: .admin,
            success: (200, schema)
        ) { call throws(Failure) in
            let holder = try holder(call)
            let keyID = call.parameters["kid"] ?? ""
            return .waiting({ call.broker.administration.removeKey(keyID, of: holder, by: call.actor, $0) }) {
                AdminReply.object($0.stored, version: $0.version)
            }
        }
    }
}

/// The body of a key registration.
private struct KeyRegistration: Sendable {
    let assertion: [UInt8]
    let proof: [UInt8]
    let label: String
    let expires: Timestamp?

    init(_ call: Call) throws(Failure) {
        var fields = try call.fields()
        do throws(FieldError) {
            assertion = Array(try fields.string("client_assertion", maximum: JWS.maximumLength).utf8)
            proof = Array(try fields.string("proof", maximum: JWS.maximumLength).utf8)
            label = try fields.optionalString("label", maximum: RegistryLimits.nameLength) ?? "rotated"
            expires = try fields.timestamp("expires")
            try fields.finish()
        } catch {
            throw .field(error)
        }
    }
}
