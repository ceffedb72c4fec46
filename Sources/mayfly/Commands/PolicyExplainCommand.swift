import MayflyClient
import MayflyCrypto
import MayflyModel
import MayflyPolicy

/// `mayfly policy explain`: why a decision comes out as it does, rule by rule.
enum PolicyExplainCommand: CommandLineCommand {
    static let name = "policy explain"
    static let summary = "Show why a request is decided as it is, rule by rule"
    static let details = """
        The request is one that you describe, or one from the ledger (--entry). The agent is taken as it is
        registered. With --policy another bundle than the one in force is asked. What is usual for the agent is what
        the broker knows of it now, unless --behaviour says otherwise.
        Quotas that count the request are listed with what is used of them now.
        """
    static let options =
        Connection.adminOptions + [
            Option.value("policy", "SOURCE", PolicySource.help + " (default: active)"),
            Option.value("entry", "INDEX", "a decision from the ledger"),
            Option.value("agent", "NAME", "the agent that asks"),
            Option.value("resource", "NAME", "the resource, by name or URL"),
            Option.value("scope", "SCOPES", "scopes, separated by spaces"),
            Option.value("action", "NAME", "an action that a tool asks about; without it a token is asked for"),
            Option.value("context", "JSON", "what the request says of the case, for example {\"env\":\"staging\"}"),
            Option.value("from", "NAME", "the agent that delegated to it"),
            Option.value(
                "behaviour", "JSON",
                "how usual the request is, for example {\"anomaly\":0.9} or {\"known\":false} (default: as it is)"),
            Option.flag("all", "also rules that are about something else"),
        ]
    static let examples = [
        """
        mayfly policy explain --agent support --resource tickets --scope refunds:issue \
        --context '{"cost":{"amount":"250","currency":"USD"}}' --dir ./broker
        """,
        "mayfly policy explain --entry 4711 --dir ./broker",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        let bundle = try PolicySource.load(call.value("policy") ?? "active") { () throws(CommandError) in admin }.bundle
        var replay = try PolicyReplay(admin)
        var facts = try facts(call, &replay)
        if let stated = try behaviour(call) {
            facts.behaviour = stated
        } else if bundle.readsBehaviour, facts.behaviour == nil, call.value("entry") == nil {
            facts.behaviour = try known(facts, admin)
        }
        let (decision, traces) = bundle.explain(facts)
        let shown = traces.filter { call.flag("all") || $0.part != .otherMatter }
        let quotas = bundle.quotas(for: facts, tier: decision.tier)
        let uses = quotas.isEmpty ? [] : try QuotaOutput.uses(of: facts.agent.id, admin)
        if call.isJSON {
            var object = PolicyOutput.json(decision, shown)
            if !quotas.isEmpty { object["quotas"] = .array(quotas.map { .object(QuotaOutput.json($0, uses)) }) }
            return Terminal.say(JSONText.object(object))
        }
        for line in PolicyOutput.lines(decision, shown) { Terminal.say(line) }
        if !quotas.isEmpty {
            Terminal.say("")
            for line in QuotaOutput.lines(quotas.map { QuotaOutput.json($0, uses) }) { Terminal.say(line) }
        }
    }

    private static func facts(
        _ call: Invocation, _ replay: inout PolicyReplay
    ) throws(CommandError) -> PolicyFacts {
        if let text = call.value("entry") {
            guard let index = UInt64(text) else { throw call.usage("--entry is an entry's index") }
            let page = try replay.admin.get(
                "/api/v1/ledger/entries", query: [("from", String(index)), ("limit", "1")])
            guard let entry = page["entries"]?.arrayValue?.first?.objectValue?["bytes"]?.stringValue,
                let bytes = Base64URL.decode(entry), let said = try? JSONParser.parseObject(bytes),
                let question = try replay.question(said)
            else {
                throw .refused(
                    "entry \(index) is not a decision of the policy",
                    next: "see: mayfly ledger query --event action.decided")
            }
            return question.facts
        }
        guard let agent = try replay.facts(of: try call.required("agent")) else {
            throw .refused("the agent is not registered", next: "see: mayfly agent list")
        }
        var above: [String] = []
        if let name = call.value("from") {
            guard let holder = AgentID(lenient: name) else { throw call.usage("--from names an agent") }
            above = [holder.text]
        }
        return PolicyFacts(
            phase: call.value("action") == nil ? .mint : .action, agent: agent,
            resource: replay.resource(try call.required("resource")),
            scopes: (call.value("scope") ?? "").split(separator: " ").map(String.init).sorted(),
            action: call.value("action"), depth: Int64(above.count), chain: above + [agent.id],
            context: try context(call), now: SystemClock().now())
    }

    /// What `--behaviour` states.
    private static func behaviour(_ call: Invocation) throws(CommandError) -> BehaviourFacts? {
        guard let text = call.value("behaviour") else { return nil }
        guard let object = (try? JSONParser.parse(Array(text.utf8)))?.objectValue else {
            throw call.usage("--behaviour is a JSON object")
        }
        var reader = FieldReader(object)
        do {
            return try BehaviourFacts(&reader)
        } catch {
            throw call.usage("--behaviour: \(error)")
        }
    }

    /// How usual the broker finds the request.
    private static func known(_ facts: PolicyFacts, _ admin: AdminCall) throws(CommandError) -> BehaviourFacts {
        let scopes = facts.scopes.joined(separator: " ")
        let answer = try admin.get(
            "/api/v1/agents/\(FormBody.segment(facts.agent.id))/behaviour",
            query: [
                ("phase", facts.phase.rawValue), ("resource", facts.resource), ("scope", scopes.isEmpty ? nil : scopes),
                ("from", facts.chain.dropLast().last),
            ])
        guard let object = answer["facts"]?.objectValue else { return .unknown }
        var reader = FieldReader(object)
        guard let known = try? BehaviourFacts(&reader) else {
            throw .failed("the broker's answer cannot be read", next: "is the broker of the same version?")
        }
        return known
    }

    private static func context(_ call: Invocation) throws(CommandError) -> PolicyContext {
        guard let text = call.value("context") else { return PolicyContext() }
        guard let object = (try? JSONParser.parse(Array(text.utf8)))?.objectValue else {
            throw call.usage("--context is a JSON object")
        }
        do {
            return try PolicyContext(object)
        } catch {
            throw call.usage("--context: \(error)")
        }
    }
}
