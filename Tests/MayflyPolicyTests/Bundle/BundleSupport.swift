import MayflyModel
@testable import MayflyPolicy
import Testing

/// Bundles and requests for the tests, as JSON: YAML is read in another module.
enum Bundles {
    static func read(_ json: String) throws -> PolicyBundle {
        try PolicyBundle(FieldReader(try JSONParser.parseObject(Array(json.utf8))))
    }

    /// A bundle of these rules.
    static func rules(_ rules: String..., tiers: String? = nil) throws -> PolicyBundle {
        let graded = tiers.map { "\"tiers\": \($0), " } ?? ""
        return try read("{\"policy\": \"test\", \(graded)\"rules\": [\(rules.joined(separator: ","))]}")
    }

    /// What reading a bundle complains about.
    static func complaint(_ json: String) -> String? {
        do {
            _ = try read(json)
            return nil
        } catch {
            return "\(error)"
        }
    }

    static func rule(_ id: String, _ decision: String, _ members: String = "") -> String {
        let more = members.isEmpty ? "" : ", \(members)"
        return "{\"id\": \"\(id)\", \"decision\": \"\(decision)\", \"rationale\": \"because\"\(more)}"
    }

    static func facts(
        _ phase: PolicyPhase = .mint, agent: String = "agent:support", roles: [String] = ["role:support"],
        resource: String = "tickets", scopes: [String] = ["tickets:read"], action: String? = nil, depth: Int64 = 0,
        context: String = "{}"
    ) throws -> PolicyFacts {
        PolicyFacts(
            phase: phase,
            agent: .init(
                id: agent, kind: "assistant", risk: "medium", owner: "owner:support-lead", roles: roles,
                createdAt: Timestamp(seconds: 1_700_000_000)),
            resource: resource, scopes: scopes, action: action, depth: depth, chain: [agent],
            context: try PolicyContext(try JSONParser.parseObject(Array(context.utf8))),
            now: Timestamp(seconds: 1_760_000_000))
    }
}
