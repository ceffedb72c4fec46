package import MayflyModel

/// What a token must hold for HTTP requests below one path, for proxies that ask by method and URI.
package struct RouteRule: Equatable, Sendable {
    /// Upper-case methods; empty means every method.
    package let methods: [String]
    /// Segment-wise prefix; `/` is everything.
    package let path: [String]
    /// Nil asks only for an active token of this audience.
    package let scope: Scope?

    var json: JSONObject {
        var object: JSONObject = ["path": .string("/" + path.joined(separator: "/"))]
        object["methods"] = .array(methods.map { .string($0) })
        object["scope"] = scope.map { .string($0.text) }
        return object
    }

    /// Whether a request is this rule's; `segments` are decoded and hold no `.` or `..`.
    func matches(method: String, segments: [String]) -> Bool {
        (methods.isEmpty || methods.contains(method)) && segments.count >= path.count
            && zip(path, segments).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    static func list(_ member: String, in fields: inout FieldReader) throws(FieldError) -> [RouteRule] {
        var rules: [RouteRule] = []
        for (value, path) in try fields.values(member, maximumCount: RegistryLimits.routesPerResource) ?? [] {
            var reader = try FieldReader(value, path: path)
            let text = try reader.string("path")
            let segments = text.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
            guard text.utf8.first == UInt8(ascii: "/"), !segments.contains("."), !segments.contains("..") else {
                throw reader.failure("path", .invalid(rule: "a path begins with / and holds no . or .. segment"))
            }
            let methods = try reader.strings("methods", maximumCount: 16, maximumLength: 32) ?? []
            guard methods.allSatisfy({ $0.utf8.allSatisfy { (0x41...0x5A).contains($0) } }) else {
                throw reader.failure("methods", .invalid(rule: "HTTP methods in capitals"))
            }
            rules.append(RouteRule(methods: methods, path: segments, scope: try reader.optionalScope("scope")))
            try reader.finish()
        }
        return rules
    }
}
