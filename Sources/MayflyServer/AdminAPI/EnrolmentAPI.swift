import MayflyBroker
import MayflyCrypto
import MayflyModel

/// Enrolment codes and agents' keys.
enum EnrolmentAPI {
    static let endpoints = [
        Endpoint(
            "POST", "/api/v1/agents/{id}/enrolment-codes", "Make a single-use enrolment code for an agent",
            access: .admin, success: (201, "EnrolmentCode")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            return .waiting({ call.broker.administration.enrolmentCode(for: id, by: call.actor, $0) }) { answer in
                AdminReply.object(
                    [
                        "agent": .string(id.text), "code": .string(answer.code),
                        "expires": .string(RFC3339.format(answer.expires)),
                    ], status: 201)
            }
        },
        Endpoint(
            "POST", "/api/v1/enrol", "Register an agent's key with an enrolment code and a proof of possession",
            request: "Enrolment", success: (201, "Agent")
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
        },
        Endpoint(
            "POST", "/api/v1/agents/{id}/keys", "An agent registers a further key, signed in by an older one",
            request: "KeyRegistration", success: (201, "Agent")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            let body = try KeyRegistration(call)
            let client: AuthenticatedClient
            do throws(OAuthError) {
                client = try call.broker.authenticator.authenticate(assertion: body.assertion, clientID: id.text)
            } catch {
                throw .broker(.oauth(error))
            }
            let assertionID = (try? JWS.parse(body.assertion).claims())?["jti"]?.stringValue ?? ""
            return .waiting({
                call.broker.administration.addKey(
                    proof: body.proof, label: body.label, expires: body.expires, for: client,
                    assertionID: assertionID, $0)
            }) { AdminReply.object($0.stored, status: 201, version: $0.version) }
        },
        Endpoint(
            "DELETE", "/api/v1/agents/{id}/keys/{kid}", "Remove an agent's key and kill the agent's tokens",
            access: .admin, success: (200, "Agent")
        ) { call throws(Failure) in
            let id = try call.identifier("id", AgentID.self)
            let keyID = call.parameters["kid"] ?? ""
            return .waiting({ call.broker.administration.removeKey(keyID, of: id, by: call.actor, $0) }) {
                AdminReply.object($0.stored, version: $0.version)
            }
        },
    ]
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
