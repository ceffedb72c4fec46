import MayflyModel

/// The OpenAPI 3.1 document, made from the endpoints themselves, so that no route can be missing from it.
enum OpenAPIDocument {
    static func reply(issuer: String) -> HTTPReply {
        HTTPReply(
            status: 200,
            headers: [("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60")],
            body: JSONWriter.bytes(of: .object(document(issuer: issuer))))
    }

    static func document(issuer: String) -> JSONObject {
        var paths = JSONObject()
        for endpoint in Endpoints.all {
            var item = paths[endpoint.template]?.objectValue ?? [:]
            item[endpoint.method.lowercased()] = .object(operation(endpoint))
            paths[endpoint.template] = .object(item)
        }
        return [
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Mayfly"), "version": .string(BuildInfo.version),
                "summary": .string("Ephemeral credential broker for AI agents"),
            ]),
            "servers": .array([.object(["url": .string(issuer)])]),
            "paths": .object(paths),
            "components": .object([
                "schemas": .object(OpenAPISchemas.all),
                "securitySchemes": .object([
                    "broker_token": .object([
                        "type": .string("http"), "scheme": .string("bearer"), "bearerFormat": .string("JWT"),
                    ])
                ]),
            ]),
        ]
    }

    private static func operation(_ endpoint: Endpoint) -> JSONObject {
        var operation: JSONObject = [
            "summary": .string(endpoint.summary),
            "operationId": .string(operationID(endpoint)),
        ]
        let parameters =
            pathParameters(endpoint) + endpoint.query.map { parameter($0, place: "query") }
            + endpoint.headers.map { parameter($0, place: "header") }
            + (endpoint.needsETag ? [parameter("If-Match", place: "header", isRequired: true)] : [])
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let schema = endpoint.requestSchema {
            let type = endpoint.isForm ? "application/x-www-form-urlencoded" : "application/json"
            operation["requestBody"] = .object([
                "required": .bool(true), "content": .object([type: .object(["schema": reference(schema)])]),
            ])
        }
        var success: JSONObject = ["description": .string("Done")]
        if let schema = endpoint.success.schema {
            success["content"] = .object(["application/json": .object(["schema": reference(schema)])])
        }
        var responses: JSONObject = [
            String(endpoint.success.status): .object(success),
            "503": later("The broker is at its limit, starting, stopping, or cannot make anything durable"),
            "default": .object(["description": .string("Refused; the body says why")]),
        ]
        if LimitReply.templates.contains(endpoint.template) {
            responses["429"] = later(
                "The agent, its owner, or the resource that asks is past its limit of requests, or a quota is used up")
        }
        operation["responses"] = .object(responses)
        if endpoint.access != .open {
            operation["security"] = .array([.object(["broker_token": .array([])])])
        }
        return operation
    }

    /// A refusal that is worth another try.
    private static func later(_ why: String) -> JSONValue {
        let seconds: JSONObject = [
            "description": .string("Seconds after which to ask again"),
            "schema": .object(["type": .string("integer"), "minimum": .integer(1)]),
        ]
        return .object(["description": .string(why), "headers": .object(["Retry-After": .object(seconds)])])
    }

    private static func operationID(_ endpoint: Endpoint) -> String {
        let words = endpoint.template.split { !($0.isLetter || $0.isNumber) }
        return ([endpoint.method.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private static func pathParameters(_ endpoint: Endpoint) -> [JSONValue] {
        endpoint.template.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { parameter(String($0.dropFirst().dropLast()), place: "path", isRequired: true) }
    }

    private static func parameter(_ name: String, place: String, isRequired: Bool = false) -> JSONValue {
        .object([
            "name": .string(name), "in": .string(place), "required": .bool(isRequired),
            "schema": .object(["type": .string("string")]),
        ])
    }

    private static func reference(_ schema: String) -> JSONValue {
        .object(["$ref": .string("#/components/schemas/" + schema)])
    }
}
