import MayflyClient
import MayflyCrypto
import MayflyModel
import MayflyServer

/// `mayfly token inspect|verify|introspect` and `mayfly evaluate`: what a token says and allows.
enum TokenCheckCommands {
    static let all = [inspect, verify, introspect]

    private static let inspect = Command(
        name: "token inspect", summary: "Show what a token says, offline, without checking it",
        positionals: [TokenOptions.token], examples: ["mayfly token inspect - < token"]
    ) { call throws(CommandError) in
        let jws = try parse(try TokenOptions.token(call))
        guard let claims = try? jws.claims() else {
            throw .refused("the token's payload is not a JSON object", next: "is it a Mayfly token?")
        }
        let object: JSONObject = ["header": .object(jws.header), "claims": .object(claims)]
        if call.isJSON { return Terminal.say(JSONText.object(object)) }
        Terminal.say(JSONText.indented(.object(object)))
        Terminal.complain("not checked: anybody can write this; see mayfly token verify")
    }

    private static let verify = Command(
        name: "token verify", summary: "Check a token's signature, issuer and time with the broker's public keys",
        details: """
            Asks the broker for its keys only, or nobody with --jwks and --issuer.
            A revoked token still passes this check until it expires: mayfly token introspect asks the broker.
            A token that is bound to a key (cnf) is worth nothing without a proof of it, which is not looked at here.
            """,
        positionals: [TokenOptions.token],
        options: Connection.serverOptions + [
            .value("jwks", "FILE", "the broker's JWK set, kept from /.well-known/jwks.json"),
            .value("audience", "URL", "the resource that the token must be for"),
        ],
        examples: ["mayfly token verify - --audience https://tickets.example.com < token"]
    ) { call throws(CommandError) in
        let token = try TokenOptions.token(call)
        let (issuer, keys) = try keys(call)
        let check = OfflineCheck(issuer: issuer, audience: call.value("audience"), keys: keys, now: SystemClock().now())
        do throws(OfflineCheck.Failure) {
            let claims = try check.claims(of: Array(token.utf8))
            RecordOutput.done(
                "valid for \(Table.cell(claims["client_id"]?.stringValue ?? "")): signature, issuer and time hold; "
                    + "revocation was not looked at",
                ["valid": .bool(true), "claims": .object(claims)], call)
        } catch {
            throw refuse(error, call)
        }
    }

    private static func refuse(_ failure: OfflineCheck.Failure, _ call: Invocation) -> CommandError {
        if call.isJSON {
            Terminal.say(JSONText.object(["valid": .bool(false), "reason": .string(failure.description)]))
            return .no
        }
        return .refused("the token is not valid: \(failure)", next: "get a fresh token: mayfly token request")
    }

    private static func keys(_ call: Invocation) throws(CommandError) -> (issuer: String, keys: JSONObject) {
        let bytes: [UInt8]
        let issuer: String
        if let path = call.value("jwks") {
            bytes = try LocalFile.read(path, maximum: 65_536)
            issuer = try call.required("issuer")
        } else {
            let client = try Connection.client(call)
            issuer = client.issuer
            bytes = try Connection.attempt { () throws(ClientError) in
                let answer = try client.send("GET", "/.well-known/jwks.json")
                try AnswerReader.check(answer)
                return answer.body
            }
        }
        guard let keys = try? JSONParser.parseObject(bytes) else {
            throw .failed("the JWK set cannot be read", next: "fetch it again from /.well-known/jwks.json")
        }
        return (issuer, keys)
    }

    private static func parse(_ token: String) throws(CommandError) -> JWS {
        do {
            return try JWS.parse(Array(token.utf8))
        } catch {
            throw .refused(
                "that is not a token: \(error)", next: "a token is three parts of base64url with dots between")
        }
    }

    private static let introspect = Command(
        name: "token introspect", summary: "Ask the broker whether a token is active now (RFC 7662)",
        details: "Exit status 1 says that it is not active.",
        positionals: [TokenOptions.token],
        options: TokenOptions.asker + ProofOptions.shown + [CertificateOptions.shown],
        examples: ["mayfly token introspect - --as tickets --secret-file tickets.secret < token"]
    ) { call throws(CommandError) in
        let token = try TokenOptions.token(call)
        let asker = try TokenOptions.asker(call)
        let proof = try ProofOptions.shown(call)
        let certificate = try CertificateOptions.shown(call)
        let client = try Connection.client(call)
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.introspection(of: token, proof: proof, certificate: certificate, as: asker)
        }
        Terminal.say(call.isJSON ? JSONText.object(answer) : JSONText.indented(.object(answer)))
        if answer["active"]?.boolValue != true { throw .no }
    }
}

/// `mayfly evaluate`: asks whether a token allows an action.
enum EvaluateCommand: CommandLineCommand {
    static let name = "evaluate"
    static let summary = "Ask whether a token allows an action on a thing now (AuthZEN)"
    static let details = """
        Exit status 0 says allow, 1 deny. The ledger records the decision.
        What policy wants approved is put to people; ask the same again when they have agreed, and it is allowed once.
        """
    static let positionals = [TokenOptions.token]
    static let options =
        TokenOptions.asker + ProofOptions.shown + [
            CertificateOptions.shown, Option.value("action", "NAME", "the action, for example ticket.read"),
            Option.value("type", "TYPE", "the kind of thing"),
            Option.value("id", "ID", "which one"),
            Option.value("properties", "JSON", "limits such as an amount, a JSON object; @FILE reads a file"),
            Option.value("cost", "AMOUNT:CUR", "what the action costs, for example 12.50:USD"),
            Option.value("records", "N", "how many records it touches"),
            Option.flag("ask-nobody", "do not put the action to people; deny it unless they have agreed already"),
        ]
    static let examples = [
        "mayfly evaluate - --as tickets --secret-file tickets.secret --action ticket.read --type ticket --id 1042 < token"
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        var question = ActionRequest(
            action: try call.required("action"), resourceType: try call.required("type"),
            resourceID: try call.required("id"))
        question.properties = try properties(call)
        question.asksPeople = !call.flag("ask-nobody")
        question.proof = try ProofOptions.shown(call)
        question.certificate = try CertificateOptions.shown(call)
        let token = try TokenOptions.token(call)
        let asker = try TokenOptions.asker(call)
        let client = try Connection.client(call)
        let asked = question
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.decision(asked, token: token, as: asker)
        }
        let isAllowed = answer["decision"]?.boolValue == true
        let context = answer["context"]?.objectValue ?? [:]
        let request = context["access_request"]?.objectValue ?? [:]
        let why = [
            context["reason"], context["about"], request["status"], request["reason"], request["auth_req_id"],
        ].compactMap { $0?.stringValue }.joined(separator: ": ")
        let decision = "\(isAllowed ? "allow" : "deny")  \(Table.cell(why))"
        let lines = [decision] + notes(context, isAllowed: isAllowed).map(Table.cell)
        RecordOutput.done(lines.joined(separator: "\n"), answer, call)
        if !isAllowed { throw .no }
    }

    /// What whoever asks can do next about the answer.
    private static func notes(_ context: JSONObject, isAllowed: Bool) -> [String] {
        var notes: [String] = []
        let policy = context["policy"]?.objectValue ?? [:]
        if !isAllowed, let rule = policy["rule"]?.stringValue {
            notes.append("rule \(rule): \(policy["reason"]?.stringValue ?? "no reason is given")")
        }
        let reversal = context["supervision"]?.objectValue ?? [:]
        if let id = reversal["id"]?.stringValue, let end = reversal["reversible_until"]?.stringValue {
            notes.append("supervised: the owner can take \(id) back until \(end)")
        }
        if let seconds = context["retry_after"]?.integerValue { notes.append("ask again in \(seconds) s") }
        let advice = policy["remedy"]?.objectValue?["advice"]
        if let advice = advice?.stringValue { notes.append("what would pass: \(advice)") }
        return notes
    }

    /// The properties as given, with the amounts that have options of their own.
    private static func properties(_ call: Invocation) throws(CommandError) -> String? {
        let text = try call.value("properties").map { text throws(CommandError) in
            try TokenOptions.json(text, "properties", call)
        }
        let cost = try call.value("cost").map { text throws(CommandError) in try money(text, call) }
        let records = try call.integer("records", in: 0...Int64.max)
        guard cost != nil || records != nil else { return text }
        guard var object = try? JSONParser.parseObject(Array((text ?? "{}").utf8)) else {
            throw call.usage("--properties is not a JSON object")
        }
        for (name, value) in [("cost", cost?.json), ("records", records.map { .integer($0) })] {
            guard let value else { continue }
            guard object[name] == nil else { throw call.usage("--\(name) is in --properties too; give it once") }
            object[name] = value
        }
        return String(decoding: JSONWriter.bytes(of: .object(object)), as: UTF8.self)
    }

    private static func money(_ text: String, _ call: Invocation) throws(CommandError) -> Money {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { JSONValue.string(String($0)) }
        guard parts.count == 2, let money = Money(.object(["amount": parts[0], "currency": parts[1]])) else {
            throw call.usage("--cost is an amount and a currency, for example 12.50:USD")
        }
        return money
    }
}
