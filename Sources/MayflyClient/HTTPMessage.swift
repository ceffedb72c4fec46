/// One HTTP request as the client sends it.
package struct ClientRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8]?

    package init(_ method: String, _ url: String) {
        (self.method, self.url) = (method, url)
    }
}

/// What the server answered.
package struct ClientAnswer: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// The first header of that name, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var isSuccess: Bool { (200...299).contains(status) }
}
