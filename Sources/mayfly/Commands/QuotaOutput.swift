import MayflyClient
import MayflyModel
import MayflyPolicy

/// Quotas as they are shown, with what is used of them.
enum QuotaOutput {
    /// What an agent, or its owner, has used of the quotas in force.
    static func uses(of agent: String, _ admin: AdminCall) throws(CommandError) -> [JSONObject] {
        try admin.get("/api/v1/agents/\(FormBody.segment(agent))/quotas")["quotas"]?.arrayValue?
            .compactMap(\.objectValue) ?? []
    }

    /// A quota with what is used of its name, in the shape of `uses`.
    static func json(_ quota: PolicyQuota, _ uses: [JSONObject]) -> JSONObject {
        let use = uses.first { $0["quota"] == .string(quota.id) && $0["per"] == .string(quota.subject.rawValue) }
        return [
            "quota": .string(quota.id), "on": .string(quota.phase.rawValue), "per": .string(quota.subject.rawValue),
            "count": .integer(quota.count), "window": .integer(quota.window), "used": use?["used"] ?? .integer(0),
        ]
    }

    static func lines(_ uses: [JSONObject]) -> [String] {
        let columns = ["quota", "on", "per", "used", "count", "window"]
        return Table.lines(
            columns.map { $0.uppercased() },
            uses.map { use in
                columns.map { column in
                    column == "window"
                        ? RecordOutput.span(use[column]?.integerValue ?? 0) : RecordOutput.text(use[column] ?? .null)
                }
            })
    }
}
