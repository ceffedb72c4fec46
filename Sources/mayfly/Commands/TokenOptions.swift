import MayflyClient
import MayflyCrypto
import MayflyModel

/// What several token commands have in common.
enum TokenOptions {
    static let token = Positional(
        "TOKEN", "the token; - reads standard input (default $MAYFLY_TOKEN)", isOptional: true)

    /// What a token is asked for.
    static let request = [
        Option.list("scope", "SCOPE", "a scope; may be repeated (default all that may be given)"),
        Option.list("resource", "NAME", "the resource, by name or URL"),
        Option.value("details", "JSON", "authorization details, a JSON array; @FILE reads a file"),
        Option.value("context", "JSON", "what the request says of the case, for policy; @FILE reads a file"),
        Option.value("task", "TASK", "the task that it is for (default a new one)"),
        Option.value("delegates", "IDS", "who may get it on: agent:NAME or role:NAME, with spaces; or none"),
        Option.value("lifetime", "SECONDS", "1 to 3600"),
        Option.value("trace", "ID", "a W3C trace id of 32 hex digits"),
        Option.value("composition", "DIGEST", "what the agent is made of: mayfly agent composition digest"),
    ]

    /// Who asks about a token: a resource with its secret or key, or an administrator.
    static let asker =
        Connection.adminOptions + [
            Option.value("as", "NAME", "the resource that asks (default: the administrator asks)"),
            Option.value("secret-file", "FILE", "the resource's secret (default $MAYFLY_RESOURCE_SECRET)"),
            Option.value("key", "FILE", "the resource's key, where it has no secret"),
        ]

    static func request(_ call: Invocation) throws(CommandError) -> TokenRequest {
        var request = TokenRequest()
        let scopes = call.values("scope")
        request.scope = scopes.isEmpty ? nil : scopes.joined(separator: " ")
        request.resources = call.values("resource")
        request.authorizationDetails = try call.value("details").map { text throws(CommandError) in
            try json(text, "details", call)
        }
        request.context = try call.value("context").map { text throws(CommandError) in
            try json(text, "context", call)
        }
        request.task = call.value("task")
        request.delegates = call.value("delegates")
        request.lifetime = try call.integer("lifetime", in: 1...3600).map { Int($0) }
        request.trace = call.value("trace")
        request.composition = try AgentCompositionCommands.option(call)
        return request
    }

    /// A JSON text from the command line, or from the file that `@FILE` names.
    static func json(_ text: String, _ option: String, _ call: Invocation) throws(CommandError) -> String {
        let bytes =
            text.hasPrefix("@")
            ? try LocalFile.read(String(text.dropFirst()), maximum: 65_536) : Array(text.utf8)
        do {
            _ = try JSONParser.parse(bytes)
        } catch {
            throw call.usage("--\(option) is not JSON: \(error)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func token(_ call: Invocation, _ name: String = "TOKEN") throws(CommandError) -> String {
        switch call.argument(name) ?? call.variable("MAYFLY_TOKEN") {
        case "-"?: return try LocalFile.line("-", maximum: JWS.maximumLength)
        case let token?: return token
        case nil: throw call.usage("no token is given: name it, pipe it to -, or set MAYFLY_TOKEN")
        }
    }

    static func asker(_ call: Invocation) throws(CommandError) -> Asker {
        guard let name = call.value("as") else { return .key(try Connection.adminCredential(call)) }
        if let path = call.value("key") { return .key(try KeySecrets.credential(name, at: path, call)) }
        if let path = call.value("secret-file") {
            return .secret(name: name, secret: try LocalFile.line(path, maximum: 512))
        }
        guard let secret = call.variable("MAYFLY_RESOURCE_SECRET") else {
            throw call.usage("\(Table.cell(name)) proves itself with --secret-file FILE or --key FILE")
        }
        return .secret(name: name, secret: secret)
    }

    /// The token alone, for `$(…)`; everything with `--json`.
    static func say(_ answer: TokenAnswer, _ call: Invocation) {
        Terminal.say(call.isJSON ? JSONText.object(answer.json) : Table.cell(answer.token))
    }
}
