package import MayflyModel

/// How usual one request is for the agent that makes it.
package struct BehaviourFacts: Equatable, Sendable {
    /// What is said of an agent of which too little is known.
    package static let unknown = BehaviourFacts(isKnown: false)

    /// Whether the agent has been seen often enough to tell; without it there are no scores.
    package var isKnown: Bool
    /// For each of the request's scopes, how new it is; one that is not named here is as new as the newest.
    package var newScopes: [String: BehaviourScore] = [:]
    /// What an example states instead of its parts.
    private var statedAnomaly = BehaviourScore.none
    private var scores = [BehaviourScore](repeating: .none, count: BehaviourSign.allCases.count)

    package init(isKnown: Bool = true) {
        self.isKnown = isKnown
    }

    package subscript(sign: BehaviourSign) -> BehaviourScore {
        get { scores.indices.contains(sign.rawValue) ? scores[sign.rawValue] : .full }
        set { if scores.indices.contains(sign.rawValue) { scores[sign.rawValue] = newValue } }
    }

    /// How new the scope is that is judged.
    package func newness(of scope: String?) -> BehaviourScore {
        scope.flatMap { newScopes[$0] } ?? self[.newScope]
    }

    /// The largest of the scores, for the scope that is judged.
    package func anomaly(for scope: String?) -> BehaviourScore {
        var largest = max(statedAnomaly, newness(of: scope))
        for sign in BehaviourSign.allCases where sign != .newScope { largest = max(largest, self[sign]) }
        return largest
    }
}

extension BehaviourFacts {
    /// What the ledger keeps; scores of 0 are left out.
    package var json: JSONObject {
        var object: JSONObject = ["known": .bool(isKnown)]
        guard isKnown else { return object }
        if statedAnomaly > .none { object["anomaly"] = statedAnomaly.json }
        for sign in BehaviourSign.allCases where self[sign] > .none { object[sign.text] = self[sign].json }
        guard !newScopes.isEmpty else { return object }
        var scopes = JSONObject()
        for (name, score) in newScopes.sorted(by: { $0.key < $1.key }) { scopes[name] = score.json }
        object["new_scopes"] = .object(scopes)
        return object
    }

    /// Reads what `json` wrote, and what examples state; a score that is left out is 0.
    package init(_ fields: inout FieldReader) throws(FieldError) {
        isKnown = try fields.optionalBool("known") ?? true
        statedAnomaly = try Self.score("anomaly", in: &fields) ?? .none
        for sign in BehaviourSign.allCases { self[sign] = try Self.score(sign.text, in: &fields) ?? .none }
        if var reader = try fields.object("new_scopes") {
            let names = reader.memberNames
            guard names.count <= ScopeSet.maximumCount else {
                throw fields.failure("new_scopes", .tooMany(maximum: ScopeSet.maximumCount))
            }
            for name in names { newScopes[name] = try Self.score(name, in: &reader) }
        }
        try fields.finish()
    }

    private static func score(_ name: String, in fields: inout FieldReader) throws(FieldError) -> BehaviourScore? {
        try fields.optionalShare(name).flatMap { BehaviourScore($0) }
    }
}
