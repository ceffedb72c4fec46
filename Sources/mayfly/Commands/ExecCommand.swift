internal import Glibc
import MayflyClient

/// `mayfly exec`: runs a program with a fresh token, which ends with the program.
enum ExecCommand {
    static let command = Command(
        name: "exec", summary: "Run a program with a fresh token in its environment",
        details: """
            The program finds the token in MAYFLY_TOKEN. When the program ends the token is revoked, unless --keep.
            With --dpop the token is bound to a fresh key, in the file that MAYFLY_DPOP_KEY names until the program ends:
            mayfly token proof makes the proof for each of its requests. --dpop-key FILE binds it to a key that stays.
            The exit status is the program's; 128 and the signal's number when a signal ended it.
            """,
        options: Connection.agentOptions + TokenOptions.request + ProofOptions.options + [
            .flag("keep", "let the token live on until it expires")
        ],
        examples: ["mayfly exec --agent support --scope tickets:read --resource tickets -- ./agent.py"],
        takesRest: true, run: run)

    @Sendable private static func run(_ call: Invocation) throws(CommandError) {
        guard !call.rest.isEmpty else { throw call.usage("the program is missing: -- CMD [ARG...]") }
        let request = try TokenOptions.request(call)
        let credential = try Connection.agent(call)
        let client = try Connection.client(call)
        let held = try ProofOptions.keyForProgram(call)
        defer { held?.remove() }
        let answer = try Connection.attempt { () throws(ClientError) in
            try client.requestToken(request, as: credential, boundTo: held?.key)
        }
        var environment = call.environment
        environment["MAYFLY_TOKEN"] = answer.token
        // What an outer token is bound to is nothing to this one.
        environment["MAYFLY_DPOP_KEY"] = held?.path
        let result = Result { () throws(CommandError) in try ChildProcess.run(call.rest, environment: environment) }
        if !call.flag("keep") {
            do {
                try client.revoke(token: answer.token, as: credential)
            } catch {
                Terminal.complain("mayfly: the token could not be revoked: \(error)")
                Terminal.complain("  it ends by itself \(answer.expiresIn) s after it was issued")
            }
        }
        let status = try result.get()
        if status != 0 { throw .exited(status) }
    }
}
