import MayflyModel
import MayflyPolicy

extension TokenRequest {
    /// The parameters, for asking the same again later; neither a token nor an assertion is among them.
    var json: JSONObject {
        var object = JSONObject()
        object["scope"] = scope.map { .string($0) }
        // All of them must name one resource, so their order and number say nothing.
        object["targets"] = .array(Set(targets).sorted().map { .string($0) })
        object["authorization_details"] = details.map { .array($0) }
        object["context"] = .object(context.properties)
        object["task"] = task.map { .string($0) }
        object["trace"] = trace.map { .string($0) }
        object["delegates"] = delegates.map { .string($0) }
        object["lifetime"] = lifetime.map { .integer($0) }
        return object
    }

    /// Reads what `json` wrote; each value was checked when the request was made, and is again when it is used.
    init(_ fields: inout FieldReader) throws(FieldError) {
        self.init()
        scope = try fields.optionalString("scope", maximum: Self.maximumText)
        targets =
            try fields.strings("targets", maximumCount: Self.maximumTargets, maximumLength: Self.maximumText) ?? []
        details = try fields.values("authorization_details", maximumCount: DetailSet.maximumCount + 1)?.map(\.value)
        context = try fields.policyContext("context")
        task = try fields.optionalString("task", maximum: TokenID.maximumTaskLength)
        trace = try fields.optionalString("trace")
        delegates = try fields.optionalString("delegates", maximum: Self.maximumText)
        lifetime = try fields.optionalInteger("lifetime", in: 0...RegistryLimits.maximumTokenLife)
    }

    /// Different values of `resource` and `audience` that can be kept.
    private static let maximumTargets = 8
    /// Bytes of one parameter that can be kept.
    private static let maximumText = 8192
}
