internal import Glibc
import MayflyClient
import MayflyCrypto
import MayflyModel

/// Keys that tokens are bound to, on the command line (RFC 9449).
enum ProofOptions {
    static let options = [
        Option.flag("dpop", "bind the token to a key, so that it is worth nothing to whoever copies it"),
        Option.value(
            "dpop-key", "KEY",
            "that key, a file made if it is not there (default NAME.dpop.pem beside the agent's key), or one in a token"
        ),
    ]

    /// The key for a request; nil without `--dpop` and `--dpop-key`.
    static func key(_ call: Invocation) throws(CommandError) -> ProofKey? {
        guard call.flag("dpop") || call.value("dpop-key") != nil else { return nil }
        if let path = call.value("dpop-key") { return try made(at: path, call) }
        // A key that cannot be copied serves for both.
        if let path = call.value("key"), KeySecrets.isInToken(path) { return try key(of: try Connection.agent(call)) }
        return try made(at: try defaultPath(call), call)
    }

    /// The proof that somebody was sent with a token, for who asks about it.
    static let shown = [
        Option.value("proof", "PROOF", "the DPoP proof that came with the token; with --method and --url"),
        Option.value("method", "METHOD", "the method of the request that it came with (default GET)"),
        Option.value("url", "URL", "the URL of that request"),
    ]

    static func shown(_ call: Invocation) throws(CommandError) -> ShownProof? {
        guard let proof = call.value("proof") else { return nil }
        return ShownProof(proof: proof, method: call.value("method") ?? "GET", url: try call.required("url"))
    }

    /// A key in a file, and whether the file is for one program alone.
    struct HeldKey {
        let key: ProofKey
        let path: String
        let isPassing: Bool

        func remove() {
            if isPassing { unlink(path) }
        }
    }

    /// The key for a program's token: the named one, or with `--dpop` alone a fresh one in a file of its own.
    static func keyForProgram(_ call: Invocation) throws(CommandError) -> HeldKey? {
        if let path = call.value("dpop-key") {
            return HeldKey(key: try made(at: path, call), path: path, isPassing: false)
        }
        guard call.flag("dpop") else { return nil }
        let folder = call.variable("XDG_RUNTIME_DIR") ?? call.variable("TMPDIR") ?? "/tmp"
        guard let name = try? SecureRandom.token(byteCount: 16) else {
            throw .failed("no file name could be made", next: "give --dpop-key FILE")
        }
        let path = "\(folder)/mayfly-\(name).pem"
        return HeldKey(key: try made(at: path, call), path: path, isPassing: true)
    }

    /// The key at `path`, made there when there is none; one in a token must be there.
    static func made(at path: String, _ call: Invocation) throws(CommandError) -> ProofKey {
        guard !KeySecrets.isInToken(path), access(path, F_OK) != 0 else { return try held(at: path, call) }
        do throws(ClientError) {
            let key = try ProofKey()
            try key.write(to: path)
            return key
        } catch {
            throw .failed("\(Table.cell(path)): \(error)", next: error.nextStep)
        }
    }

    /// The key at `path`, which must be there.
    private static func held(at path: String, _ call: Invocation) throws(CommandError) -> ProofKey {
        guard KeySecrets.isInToken(path) else {
            do {
                return try ProofKey(keyFile: path)
            } catch {
                throw .failed("\(Table.cell(path)): \(error)", next: error.nextStep)
            }
        }
        return try key(of: try KeySecrets.credential("", at: path, call))
    }

    private static func key(of credential: AgentCredential) throws(CommandError) -> ProofKey {
        try Connection.attempt { () throws(ClientError) in try ProofKey(credential) }
    }

    private static func defaultPath(_ call: Invocation) throws(CommandError) -> String {
        guard let name = call.value("agent") ?? call.variable("MAYFLY_AGENT") else {
            throw call.usage("no agent is named: give --agent NAME")
        }
        let agentKey = try Connection.keyPath(of: try Connection.agentID(name, call).text, call)
        return (agentKey.hasSuffix(".pem") ? String(agentKey.dropLast(4)) : agentKey) + ".dpop.pem"
    }

    /// `mayfly token proof`: what goes into the `DPoP` header of one request.
    static let proof = Command(
        name: "token proof", summary: "Print a DPoP proof for one request with a bound token (RFC 9449)",
        details: """
            Send the token as Authorization: DPoP TOKEN, and this in the header DPoP. It is good once, for a minute.
            """,
        positionals: [TokenOptions.token],
        options: [
            .value("method", "METHOD", "of the request (default GET)"), .value("url", "URL", "of the request"),
            .value("dpop-key", "KEY", "the token's key (default $MAYFLY_DPOP_KEY)"),
            .value("nonce", "NONCE", "what the tool asked for in DPoP-Nonce"),
        ] + KeySecrets.options,
        examples: ["mayfly token proof --method POST --url https://tickets.example.com/tickets"]
    ) { call throws(CommandError) in
        guard let path = call.value("dpop-key") ?? call.variable("MAYFLY_DPOP_KEY") else {
            throw call.usage("no key is named: give --dpop-key FILE, or set MAYFLY_DPOP_KEY")
        }
        let url = try call.required("url")
        let token = try TokenOptions.token(call)
        let key = try held(at: path, call)
        do throws(ClientError) {
            let proof = try key.proof(
                method: call.value("method") ?? "GET", url: url, token: token, nonce: call.value("nonce"))
            Terminal.say(call.isJSON ? JSONText.object(["proof": .string(proof)]) : proof)
        } catch {
            throw .failed("\(error)", next: error.nextStep)
        }
    }
}
