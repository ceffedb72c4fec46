import MayflyModel

/// What an entry is found by; the same values stand inside its bytes.
package struct LedgerTerms: Equatable, Sendable {
    /// For example `token.issued`; see `docs/design.md`.
    package var event: String
    /// `ok`, `refused` or `denied`.
    package var outcome: String
    package var agent: String?
    package var owner: String?
    package var resource: String?
    package var task: String?
    package var trace: String?
    /// A token's `jti`.
    package var token: String?

    package init(
        event: String, outcome: String, agent: String? = nil, owner: String? = nil, resource: String? = nil,
        task: String? = nil, trace: String? = nil, token: String? = nil
    ) {
        self.event = event
        self.outcome = outcome
        self.agent = agent
        self.owner = owner
        self.resource = resource
        self.task = task
        self.trace = trace
        self.token = token
    }

    /// The terms that an entry's bytes hold, as members of the same names.
    ///
    /// Bytes that are no such JSON hold none: event and outcome are then empty, and the audit tells what is wrong.
    package init(reading bytes: [UInt8]) {
        self.init(event: "", outcome: "")
        guard let object = try? JSONParser.parseObject(bytes) else { return }
        func text(_ name: String) -> String? {
            guard case .string(let text)? = object[name] else { return nil }
            return text
        }
        event = text("event") ?? ""
        outcome = text("outcome") ?? ""
        (agent, owner, resource) = (text("agent"), text("owner"), text("resource"))
        (task, trace, token) = (text("task"), text("trace"), text("token"))
    }
}
