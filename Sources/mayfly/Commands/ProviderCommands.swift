import MayflyBroker
import MayflyConfig
import MayflyModel

/// `mayfly provider …`: who vouches for workloads that have an identity already.
enum ProviderCommands {
    static let all = [list, show, create, fetch, remove]

    private static let name = Positional("NAME", "the provider, with or without provider:")

    private static let list = Command(
        name: "provider list", summary: "List identity providers", options: Connection.adminOptions,
        examples: ["mayfly provider list --dir ./broker"]
    ) { call throws(CommandError) in
        let records = try AdminCall(call).list("/api/v1/providers", "providers")
        RecordOutput.list(
            records, as: "providers", columns: ["id", "name", "issuer", "trust_domain", "reusable", "keys"], call)
    }

    private static let show = Command(
        name: "provider show", summary: "Show one provider, and how its keys are", positionals: [name],
        options: Connection.adminOptions, examples: ["mayfly provider show github --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let path = try admin.path("providers", "NAME", ProviderID.self).path
        RecordOutput.show(try admin.get(path), call)
    }

    private static let create = Command(
        name: "provider create", summary: "Register an identity provider by its issuer or its SPIFFE trust domain",
        details: """
            Agents name it in their trust conditions (mayfly apply). Its keys come from the issuer's own description,
            from --jwks-uri, or from a file that is read now and never fetched again.
            A token of it can be presented once, by its jti. Some platforms put one token into a file for an hour:
            for those say --reusable.
            """,
        positionals: [name],
        options: Connection.adminOptions + [
            .value("provider-issuer", "URL", "the exact iss of its tokens"),
            .value("trust-domain", "NAME", "instead of --provider-issuer: a SPIFFE trust domain"),
            .value("jwks-uri", "URL", "where its keys are"),
            .value("jwks-file", "FILE", "its keys, or a SPIFFE bundle; - reads standard input"),
            .value("title", "TEXT", "a name for people"),
            .value(
                "max-token-life", "SPAN",
                "how long its tokens may live, such as 5m; 1h, or 24h with --reusable, when left out"),
            .flag("reusable", "its tokens may be presented several times"),
            .value("composition-claim", "CLAIM", "the claim, or JSON Pointer to one, with a workload's composition"),
        ],
        examples: [
            "mayfly provider create github --provider-issuer https://token.actions.githubusercontent.com --dir ./broker",
            "mayfly provider create prod --trust-domain prod.example --jwks-file bundle.json --dir ./broker",
        ]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (_, id) = try admin.path("providers", "NAME", ProviderID.self)
        var spec: JSONObject = ["id": .string(id.text)]
        for (option, member) in [
            ("provider-issuer", "issuer"), ("trust-domain", "trust_domain"), ("jwks-uri", "jwks_uri"),
            ("title", "name"),
            ("max-token-life", "max_token_life"), ("composition-claim", "composition_claim"),
        ] {
            spec[member] = call.value(option).map { .string($0) }
        }
        if call.flag("reusable") { spec["reusable"] = .bool(true) }
        if let file = call.value("jwks-file") { spec["jwks"] = try document(file) }
        let record = try admin.change("POST", "/api/v1/providers", body: spec)
        RecordOutput.done("created \(id)", record, call)
    }

    private static let fetch = Command(
        name: "provider fetch", summary: "Fetch a provider's keys now, and say how they are", positionals: [name],
        options: Connection.adminOptions, examples: ["mayfly provider fetch github --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let path = try admin.path("providers", "NAME", ProviderID.self).path
        let answer = try admin.change("POST", path + "/fetch")
        if call.isJSON { Terminal.say(JSONText.object(answer)) }
        let keys = answer["keys"]?.objectValue
        if let explanation = keys?["explanation"]?.stringValue {
            throw .failed(
                "the keys could not be fetched: \(Table.cell(explanation))", next: "correct it, and try again")
        }
        if !call.isJSON { Terminal.say("\(keys?["count"]?.integerValue ?? 0) keys") }
    }

    private static let remove = Command(
        name: "provider remove", summary: "Remove a provider that no agent trusts", positionals: [name],
        options: Connection.adminOptions, examples: ["mayfly provider remove github --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("providers", "NAME", ProviderID.self)
        let answer = try admin.change("DELETE", path, ifMatch: try admin.tagged(path).tag)
        RecordOutput.done("removed \(id)", answer, call)
    }

    private static func document(_ path: String) throws(CommandError) -> JSONValue {
        let bytes = try LocalFile.read(path, maximum: 256 * 1024)
        do {
            return .object(try JSONParser.parseObject(bytes))
        } catch {
            throw .usage("the file is not a JSON object: \(error)", next: "give a JWK Set (RFC 7517)")
        }
    }
}
