import MayflyClient
import MayflyCrypto
import MayflyModel

/// `mayfly token …`: what an agent does with tokens.
enum TokenCommands {
    static let all = [request, delegate, redeem, exchange, revoke, ProofOptions.proof] + TokenCheckCommands.all

    private static let request = Command(
        name: "token request", summary: "Get a token for a task, and print it",
        options: Connection.agentOptions + TokenOptions.request + ProofOptions.options,
        examples: ["mayfly token request --agent support --scope tickets:read --resource tickets"]
    ) { call throws(CommandError) in
        let request = try TokenOptions.request(call)
        let credential = try Connection.agent(call)
        let key = try ProofOptions.key(call)
        let client = try Connection.client(call)
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.requestToken(request, as: credential, boundTo: key)
        }
        TokenOptions.say(answer, call)
    }

    private static let delegate = Command(
        name: "token delegate", summary: "Make a ticket by which another agent gets a narrower token",
        details: "The ticket works once, for a minute, and for that agent only: it runs mayfly token redeem.",
        positionals: [TokenOptions.token],
        options: Connection.agentOptions + [.value("to", "AGENT", "who gets the rights")] + TokenOptions.request
            + ProofOptions.options,
        examples: ["mayfly token delegate --agent support --to summariser --scope tickets:read"]
    ) { call throws(CommandError) in
        let request = try TokenOptions.request(call)
        let to = try Connection.agentID(try call.required("to"), call)
        let token = try TokenOptions.token(call)
        let credential = try Connection.agent(call)
        let key = try ProofOptions.key(call)
        let client = try Connection.client(call)
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.ticket(for: to.text, from: token, request, as: credential, holding: key)
        }
        TokenOptions.say(answer, call)
    }

    private static let redeem = Command(
        name: "token redeem", summary: "Turn a ticket into the token that it stands for",
        positionals: [Positional("TICKET", "the ticket; - reads standard input")],
        options: Connection.agentOptions + TokenOptions.request + ProofOptions.options,
        examples: ["mayfly token redeem - --agent summariser < ticket"]
    ) { call throws(CommandError) in
        let request = try TokenOptions.request(call)
        let ticket = try TokenOptions.token(call, "TICKET")
        let credential = try Connection.agent(call)
        let key = try ProofOptions.key(call)
        let client = try Connection.client(call)
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.redeem(ticket: ticket, request, as: credential, boundTo: key)
        }
        TokenOptions.say(answer, call)
    }

    private static let exchange = Command(
        name: "token exchange", summary: "Exchange a token for a narrower one (RFC 8693)",
        positionals: [TokenOptions.token],
        options: Connection.agentOptions + [
            .value("actor-token-file", "FILE", "the acting agent's own token; - reads standard input")
        ] + TokenOptions.request + ProofOptions.options,
        examples: ["mayfly token exchange --agent summariser --scope tickets:read"]
    ) { call throws(CommandError) in
        let request = try TokenOptions.request(call)
        let token = try TokenOptions.token(call)
        let actor = try call.value("actor-token-file").map { path throws(CommandError) in
            try LocalFile.line(path, maximum: JWS.maximumLength)
        }
        let credential = try Connection.agent(call)
        let key = try ProofOptions.key(call)
        let client = try Connection.client(call)
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.exchange(
                subjectToken: token, actorToken: actor, request, as: credential, boundTo: key)
        }
        TokenOptions.say(answer, call)
    }

    private static let revoke = Command(
        name: "token revoke", summary: "End a token and everything below it (RFC 7009)",
        details: "The answer does not tell whether the token was alive. By its jti: mayfly revoke token.",
        positionals: [TokenOptions.token], options: Connection.agentOptions,
        examples: ["mayfly token revoke --agent support"]
    ) { call throws(CommandError) in
        let token = try TokenOptions.token(call)
        let credential = try Connection.agent(call)
        let client = try Connection.client(call)
        try Connection.attempt { () throws(ClientError) in try client.revoke(token: token, as: credential) }
        RecordOutput.done("revoked", ["revoked": .bool(true)], call)
    }
}
