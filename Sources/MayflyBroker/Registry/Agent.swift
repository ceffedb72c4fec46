package import MayflyModel

/// A registered agent.
///
/// A broker has many, so an agent is one reference: a copy costs a count, and a table holds eight bytes for each.
package struct Agent: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// Registered, no key enrolled yet.
        case pending
        case active
        case suspended
        /// For good: the record stays as a tombstone, and the name is never given again.
        case offboarded
    }

    private struct Contents: Equatable, Sendable {
        var spec: AgentSpec
        var state: State
        var keys: [RegisteredKey]
        var epoch: Int64
        var createdAt: Timestamp
        var lastUsed: Timestamp?
        var lifecycle: AgentLifecycle
        var proposal: CompositionProposal?
        var version: Int64
    }

    private var shared: SharedContents<Contents>

    init(
        spec: AgentSpec, state: State, keys: [RegisteredKey], epoch: Int64, createdAt: Timestamp, lastUsed: Timestamp?,
        lifecycle: AgentLifecycle = AgentLifecycle(), proposal: CompositionProposal? = nil, version: Int64
    ) {
        shared = SharedContents(
            Contents(
                spec: spec, state: state, keys: keys, epoch: epoch, createdAt: createdAt, lastUsed: lastUsed,
                lifecycle: lifecycle, proposal: proposal, version: version))
    }

    package var id: AgentID { shared.contents.spec.id }

    package var spec: AgentSpec {
        get { shared.contents.spec }
        set { shared.change { $0.spec = newValue } }
    }

    package var state: State {
        get { shared.contents.state }
        set { shared.change { $0.state = newValue } }
    }

    package var keys: [RegisteredKey] {
        get { shared.contents.keys }
        set { shared.change { $0.keys = newValue } }
    }

    /// Tokens with this agent in their chain that were minted under a smaller epoch are dead.
    package var epoch: Int64 {
        get { shared.contents.epoch }
        set { shared.change { $0.epoch = newValue } }
    }

    package var createdAt: Timestamp { shared.contents.createdAt }

    /// To the minute; nil when the agent never got a token.
    package var lastUsed: Timestamp? {
        get { shared.contents.lastUsed }
        set { shared.change { $0.lastUsed = newValue } }
    }

    /// Its reviews, and what was said about them; a change of it alone leaves the version.
    package var lifecycle: AgentLifecycle {
        get { shared.contents.lifecycle }
        set { shared.change { $0.lifecycle = newValue } }
    }

    /// A changed composition that waits for the owner's word.
    package var proposal: CompositionProposal? {
        get { shared.contents.proposal }
        set { shared.change { $0.proposal = newValue } }
    }

    package var version: Int64 {
        get { shared.contents.version }
        set { shared.change { $0.version = newValue } }
    }

    /// Whether it can prove who it is: by a key, a certificate, or whoever vouches for it.
    var hasIdentity: Bool { !keys.isEmpty || spec.hasIdentityElsewhere }

    package static let kind = RecordKind.agent
    package static func key(of id: AgentID) -> [UInt8] { Array(id.text.utf8) }
}

extension Agent {
    package var stored: JSONObject {
        var object = spec.json
        object["state"] = .string(state.rawValue)
        object["keys"] = .array(keys.map { .object($0.json) })
        object["created"] = .string(RFC3339.format(createdAt))
        object["last_used"] = lastUsed.map { .string(RFC3339.format($0)) }
        if !lifecycle.isEmpty { object["lifecycle"] = .object(lifecycle.json) }
        object[CompositionProposal.member] = proposal.map { .object($0.json) }
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    /// Reads what `stored` wrote; what many agents have in common is kept once, in `shared`.
    init(stored object: JSONObject, sharing shared: inout SharedValues) throws(FieldError) {
        var fields = FieldReader(object)
        var spec = try AgentSpec(&fields)
        shared.share(&spec)
        self.init(
            spec: spec,
            state: try fields.required("state", try fields.choice("state", State.self)),
            keys: try RegisteredKey.list("keys", in: &fields),
            epoch: try fields.integer("epoch", in: 0...Int64.max),
            createdAt: try fields.required("created", try fields.timestamp("created")),
            lastUsed: try fields.timestamp("last_used"),
            lifecycle: try AgentLifecycle.read(in: &fields),
            proposal: try CompositionProposal.read(in: &fields),
            version: try fields.integer("version", in: 0...Int64.max))
        try fields.finish()
    }
}
