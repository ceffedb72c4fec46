import MayflyModel

/// Who handed which rights to whom, from a task's ledger entries.
struct DelegationTree {
    private struct Node {
        let token: String
        let agent: String
        let scope: String
        let resource: String
        let expires: String
        var allowed = 0
        var denied = 0
        var children: [String] = []
    }

    private var nodes: [String: Node] = [:]
    private var roots: [String] = []

    /// Takes the entries of one task, oldest first.
    init(_ entries: [JSONObject]) {
        for entry in entries {
            func text(_ name: String) -> String { entry[name]?.stringValue ?? "" }
            let token = text("token")
            switch text("event") {
            case "token.issued", "token.delegated":
                guard !token.isEmpty, nodes[token] == nil else { continue }
                nodes[token] = Node(
                    token: token, agent: text("agent"), scope: text("scope"), resource: text("resource"),
                    expires: text("expires"))
                let chain = (entry["chain"]?.arrayValue ?? []).compactMap { $0.objectValue?["jti"]?.stringValue }
                // A token's chain ends with itself; its parent came before it in the ledger.
                if let parent = chain.dropLast().last, nodes[parent] != nil, parent != token {
                    nodes[parent]?.children.append(token)
                } else {
                    roots.append(token)
                }
            case "action.decided":
                if text("outcome") == "allowed" {
                    nodes[token]?.allowed += 1
                } else {
                    nodes[token]?.denied += 1
                }
            default: break
            }
        }
    }

    /// One line a token, each child below its parent and two columns further in.
    var lines: [String] {
        var rows: [[String]] = []
        walk { node, depth in
            let calls = node.allowed + node.denied == 0 ? "" : "\(node.allowed) allowed, \(node.denied) denied"
            rows.append([
                String(repeating: "  ", count: depth) + Table.cell(node.agent), node.token, node.scope, node.resource,
                calls,
            ])
        }
        return rows.isEmpty ? [] : Table.lines(["AGENT", "TOKEN", "SCOPE", "RESOURCE", "CALLS"], rows)
    }

    var json: JSONValue { .array(roots.map { json(of: $0) }) }

    private func json(of token: String) -> JSONValue {
        guard let node = nodes[token] else { return .null }
        return .object([
            "token": .string(node.token), "agent": .string(node.agent), "scope": .string(node.scope),
            "resource": .string(node.resource), "expires": .string(node.expires),
            "allowed": .integer(Int64(node.allowed)), "denied": .integer(Int64(node.denied)),
            "children": .array(node.children.map { json(of: $0) }),
        ])
    }

    private func walk(_ visit: (Node, Int) -> Void) {
        var stack = roots.reversed().map { ($0, 0) }
        while let (token, depth) = stack.popLast() {
            guard let node = nodes[token] else { continue }
            visit(node, depth)
            stack += node.children.reversed().map { ($0, depth + 1) }
        }
    }
}
