import MayflyBroker
import MayflyModel

/// `/api/v1/cluster`: the brokers that share one store, as the one that is asked sees them.
enum ClusterAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/cluster", "List the brokers that share the store, and how far each is", access: .read,
            success: (200, "Cluster")
        ) { .reply(AdminReply.object(object($0.broker.clusterStatus))) }
    ]

    static func object(_ status: ClusterStatus) -> JSONObject {
        var object: JSONObject = ["shared": .bool(status.node != nil)]
        if let node = status.node { object["node"] = .string(node.name) }
        object["revision"] = number(status.head.revision)
        if let node = status.node {
            object["commits"] = number(status.head.commits)
            object["lease_seconds"] = .integer(node.terms.length / 1_000_000_000)
        }
        object["ledger_size"] = number(status.head.ledgerSize)
        object["nodes"] = .array(status.nodes.map { .object(row($0)) })
        return object
    }

    private static func row(_ node: ClusterStatus.Node) -> JSONObject {
        let (standing, row) = (node.standing, node.standing.row)
        return [
            "name": .string(row.name), "address": .string(row.address),
            // Past what a number of JSON holds exactly.
            "session": .string(String(row.session)),
            "self": .bool(standing.isSelf), "alive": .bool(standing.isAlive), "leader": .bool(standing.isLeader),
            "applied": number(node.applied), "lag": number(node.lag), "renewals": .integer(row.renewals),
        ]
    }

    private static func number(_ count: UInt64) -> JSONValue { .integer(Int64(clamping: count)) }
}
