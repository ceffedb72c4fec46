import MayflyBroker
import MayflyModel
import MayflyPolicy

/// One question: a token, and what it is to be used for.
struct Evaluation: Sendable {
    let token: ArraySlice<UInt8>
    let question: ActionQuestion
    /// The proof that the tool was sent with the token, in `subject.properties.dpop`; nil when it passes none on.
    let proof: PresentedProof?
    /// The certificate that the tool was shown, in `subject.properties.client_certificate`; nil when it passes none on.
    let certificate: PresentedCertificate?

    /// Reads `body`, taking whole members that it lacks from `defaults` (AuthZEN §7.1).
    init(_ body: JSONObject, defaults: JSONObject) throws(EvaluationEndpoint.Refusal) {
        func member(_ name: String) -> JSONObject? { (body[name] ?? defaults[name])?.objectValue }
        guard let subject = member("subject"), let type = subject["type"]?.stringValue,
            let id = subject["id"]?.stringValue
        else { throw EvaluationEndpoint.Refusal(400, "subject needs type and id") }
        guard type == "access_token" else {
            throw EvaluationEndpoint.Refusal(400, "subject.type must be access_token, with the token as id")
        }
        guard let action = member("action"), let name = action["name"]?.stringValue, !name.isEmpty else {
            throw EvaluationEndpoint.Refusal(400, "action needs a name")
        }
        guard let resource = member("resource"), let resourceType = resource["type"]?.stringValue,
            let resourceID = resource["id"]?.stringValue
        else { throw EvaluationEndpoint.Refusal(400, "resource needs type and id") }
        // One flat set: the more specific place wins over the more general one.
        var properties = try Self.object("context", body["context"] ?? defaults["context"])
        for place in [resource, action] {
            for property in try Self.object("properties", place["properties"]).members {
                properties[property.name] = property.value
            }
        }
        let shown = try Self.object("subject.properties", subject["properties"])
        proof = try Self.proof(shown)
        certificate = try Self.certificate(shown)
        token = Array(id.utf8)[...]
        question = ActionQuestion(action: name, type: resourceType, identifier: resourceID, properties: properties)
    }

    /// A proof with a member missing is no proof that could be left out.
    private static func proof(_ properties: JSONObject) throws(EvaluationEndpoint.Refusal) -> PresentedProof? {
        guard let value = properties["dpop"], value != .null else { return nil }
        guard let dpop = value.objectValue, let compact = dpop["proof"]?.stringValue,
            let method = dpop["method"]?.stringValue, let url = dpop["uri"]?.stringValue
        else { throw EvaluationEndpoint.Refusal(400, "subject.properties.dpop needs proof, method and uri") }
        return PresentedProof(Array(compact.utf8)[...], method: method, target: .url(url))
    }

    private static func certificate(
        _ properties: JSONObject
    ) throws(EvaluationEndpoint.Refusal) -> PresentedCertificate? {
        guard let value = properties["client_certificate"], value != .null else { return nil }
        guard let certificate = value.stringValue.flatMap({ PresentedCertificate.passed($0) }) else {
            throw EvaluationEndpoint.Refusal(
                400, "subject.properties.client_certificate is one certificate, in PEM or as base64 of its DER")
        }
        return certificate
    }

    /// Absent and null state nothing; what a tool states in another form must not count as nothing stated.
    private static func object(
        _ name: String, _ value: JSONValue?
    ) throws(EvaluationEndpoint.Refusal) -> JSONObject {
        guard let value, value != .null else { return [:] }
        guard let object = value.objectValue else { throw EvaluationEndpoint.Refusal(400, "\(name) is an object") }
        return object
    }
}
