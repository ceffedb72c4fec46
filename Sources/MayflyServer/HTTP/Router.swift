/// One endpoint as data.
package struct Route<Value: Sendable>: Sendable {
    package let method: String
    /// A path such as `/api/v1/agents/{id}`.
    package let template: String
    package let value: Value

    package init(_ method: String, _ template: String, _ value: Value) {
        self.method = method
        self.template = template
        self.value = value
    }
}

/// What a router finds for a request.
package enum RouteMatch<Value: Sendable>: Sendable {
    /// The endpoint, its template for logs and metrics, and the decoded segments that stood for its parameters.
    case match(Route<Value>, parameters: [String: String])
    case notFound
    /// The path exists; the methods for the Allow header (RFC 9110 §15.5.6), sorted.
    case methodNotAllowed(allow: [String])
}

/// Finds the endpoint for a method and a decoded path.
///
/// HEAD goes to GET's endpoint.
package struct Router<Value: Sendable>: Sendable {
    private enum Part: Equatable {
        case literal([UInt8])
        case parameter(String)
    }

    private struct Entry {
        let parts: [Part]
        var routes: [Route<Value>]

        /// Literal segments sort before parameters at the same place, so the more exact template wins.
        var rank: [Int] {
            parts.map { if case .literal = $0 { 0 } else { 1 } }
        }
    }

    /// Every route, in the order declared.
    package let routes: [Route<Value>]
    /// By number of segments, most exact first.
    private let entries: [Int: [Entry]]
    /// Those without a parameter, by their template: a path spelled like it is answered by one look-up.
    private let literals: [String: Entry]

    /// Takes the routes; the same method and template twice is a programming error.
    package init(_ routes: [Route<Value>]) {
        var entries: [Int: [Entry]] = [:]
        for route in routes {
            let parts = Self.parts(route.template)
            var group = entries[parts.count] ?? []
            if let index = group.firstIndex(where: { $0.parts == parts }) {
                precondition(!group[index].routes.contains { $0.method == route.method }, "a route is declared twice")
                group[index].routes.append(route)
            } else {
                group.append(Entry(parts: parts, routes: [route]))
            }
            entries[parts.count] = group
        }
        self.routes = routes
        self.entries = entries.mapValues { $0.sorted { $0.rank.lexicographicallyPrecedes($1.rank) } }
        var literals: [String: Entry] = [:]
        for entry in entries.values.joined() {
            guard entry.rank.allSatisfy({ $0 == 0 }), let template = entry.routes.first?.template else { continue }
            literals[template] = entry
        }
        self.literals = literals
    }

    /// Looks up a path as it was sent, and its decoded segments.
    package func lookup(method: String, path: String, segments: [String]) -> RouteMatch<Value> {
        // No template has an escape, so a path that equals one byte for byte has just its segments, and no template
        // with a parameter comes before one without.
        if let entry = literals[path], let route = entry.routes.first(where: { $0.method == method }) {
            return .match(route, parameters: [:])
        }
        return lookup(method: method, segments: segments)
    }

    /// Looks up the segments of `HTTPRequest.segments`.
    package func lookup(method: String, segments: [String]) -> RouteMatch<Value> {
        let wanted = method == "HEAD" ? "GET" : method
        var allowed: Set<String> = []
        for entry in entries[segments.count] ?? [] {
            guard let parameters = Self.match(entry.parts, segments) else { continue }
            if let route = entry.routes.first(where: { $0.method == wanted }) {
                return .match(route, parameters: parameters)
            }
            allowed.formUnion(entry.routes.map(\.method))
        }
        guard !allowed.isEmpty else { return .notFound }
        if allowed.contains("GET") { allowed.insert("HEAD") }
        return .methodNotAllowed(allow: allowed.sorted())
    }

    private static func match(_ parts: [Part], _ segments: [String]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (part, segment) in zip(parts, segments) {
            switch part {
            case .literal(let bytes):
                guard segment.utf8.elementsEqual(bytes) else { return nil }
            case .parameter(let name):
                guard !segment.isEmpty else { return nil }
                parameters[name] = segment
            }
        }
        return parameters
    }

    private static func parts(_ template: String) -> [Part] {
        precondition(template.hasPrefix("/"), "a route template begins with a slash")
        guard template != "/" else { return [] }
        return template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            if part.hasPrefix("{"), part.hasSuffix("}") { return .parameter(String(part.dropFirst().dropLast())) }
            return .literal(Array(part.utf8))
        }
    }
}
