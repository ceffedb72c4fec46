internal import Glibc
import MayflyClient
import MayflyCrypto
import MayflyModel

/// `mayfly agent|owner enroll-code|enroll|rotate-key|remove-key`: how agents and owners come by their keys.
struct KeyCommands {
    static let agents = KeyCommands(kind: "agent", article: "an agent", example: "support").all
    static let owners = KeyCommands(kind: "owner", article: "an owner", example: "finance-lead").all

    private static let maximumCodeLength = 128

    /// The word of the command line; with an s it is the collection's.
    let kind: String
    /// The word with its article, for sentences.
    let article: String
    let example: String

    private var all: [Command] { [enrollCode, enroll, rotateKey, removeKey] }

    private var name: Positional { Positional("NAME", "the \(kind), with or without \(kind):") }

    private var enrollCode: Command {
        Command(
            name: "\(kind) enroll-code", summary: "Make a single-use code by which \(article) registers its key",
            positionals: [name], options: Connection.adminOptions,
            examples: ["mayfly \(kind) enroll-code \(example) --dir ./broker"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let id = try holder(call)
            let answer = try admin.change("POST", path(of: id) + "/enrolment-codes")
            guard let code = answer["code"]?.stringValue, let expires = answer["expires"]?.stringValue else {
                throw .failed("the broker's answer holds no code", next: "is the broker of the same version?")
            }
            if call.isJSON { return Terminal.say(JSONText.object(answer)) }
            Terminal.say(Table.cell(code))
            Terminal.complain(
                "for \(id), once, until \(Table.cell(expires)); there: mayfly \(kind) enroll \(bare(id)) --code -")
        }
    }

    private var enroll: Command {
        Command(
            name: "\(kind) enroll", summary: "Make \(article)'s key here and register it with a code",
            details: """
                The key stays in its file, mode 0600, or in its PKCS#11 token; the broker gets the public half only.
                With a passphrase the file is encrypted. A key that --key names in a token is made there if it is
                missing, and then cannot leave it.
                """,
            positionals: [name],
            options: Connection.serverOptions + [
                .value("code", "CODE", "the enrolment code; - reads it from standard input"), Connection.keyOption,
            ] + KeySecrets.options,
            examples: ["mayfly \(kind) enroll \(example) --code - --server https://mayfly.example.com"]
        ) { call throws(CommandError) in
            let id = try holder(call)
            let given = try call.required("code")
            let code = given == "-" ? try LocalFile.line("-", maximum: Self.maximumCodeLength) : given
            let path = try Connection.keyPath(of: id, call)
            if call.value("key") == nil { try Self.makeKeyFolder(of: path) }
            let client = try Connection.client(call)
            let credential: AgentCredential
            if KeySecrets.isInToken(path) {
                let key = try KeySecrets.made(at: path, call)
                _ = try Connection.attempt { () throws(ClientError) in
                    try client.enrol(id, code: code, key: key, label: "enrolled")
                }
                credential = AgentCredential(clientID: id, key: key)
            } else {
                let passphrase = try KeySecrets.secret(call)
                credential = try Connection.attempt { () throws(ClientError) in
                    try client.enrol(id, code: code, keyFile: path, passphrase: passphrase)
                }
            }
            said("enrolled", credential, path, call)
        }
    }

    private var rotateKey: Command {
        Command(
            name: "\(kind) rotate-key", summary: "Make \(article) a new key, signed in by the one that it has",
            details: """
                The new key takes the old one's file, unless --out names another.
                The old key stays registered until an administrator removes it: mayfly \(kind) remove-key.
                """,
            positionals: [name],
            options: Connection.serverOptions + [
                Connection.keyOption, .value("out", "FILE", "write the new key here and leave the old file"),
            ] + KeySecrets.options,
            examples: ["mayfly \(kind) rotate-key \(example)"]
        ) { call throws(CommandError) in
            let id = try holder(call)
            let path = try Connection.keyPath(of: id, call)
            guard !KeySecrets.isInToken(path) else {
                throw call.usage("a key in a token is not made anew here; enroll another one with a code")
            }
            let old = try KeySecrets.credential(id, at: path, call)
            let passphrase = try KeySecrets.secret(call)
            let client = try Connection.client(call)
            let target = call.value("out") ?? path + ".next"
            let credential = try Connection.attempt { () throws(ClientError) in
                try client.rotateKey(of: old, to: target, passphrase: passphrase)
            }
            if call.value("out") == nil, rename(target, path) != 0 {
                throw LocalFile.failure("the new key is registered, but lies in \(Table.cell(target))", errno)
            }
            said("rotated; the old key is still registered: \(old)", credential, call.value("out") ?? path, call)
        }
    }

    private var removeKey: Command {
        let effect = kind == "agent" ? "end the agent's tokens" : "void what it signed in and voted for"
        return Command(
            name: "\(kind) remove-key", summary: "Remove \(article)'s key and \(effect)",
            positionals: [name, Positional("KID", "the key's id, as \(kind) show prints it")],
            options: Connection.adminOptions,
            examples: [
                "mayfly \(kind) remove-key \(example) NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --dir ./broker"
            ]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let id = try holder(call)
            let keyID = FormBody.escaped(try call.requiredArgument("KID"))
            let record = try admin.change("DELETE", "\(path(of: id))/keys/\(keyID)")
            let ended = kind == "agent" ? "the agent's tokens have ended" : "what it voted for counts no more"
            RecordOutput.done("removed the key of \(id); \(ended)", record, call)
        }
    }

    /// The whole name of whom the command is about.
    private func holder(_ call: Invocation) throws(CommandError) -> String {
        let text = try call.requiredArgument("NAME")
        let id = kind == "agent" ? AgentID(lenient: text)?.text : OwnerID(lenient: text)?.text
        guard let id else { throw call.usage("NAME is \(kind): and then 1 to 63 of a-z 0-9 . _ -") }
        return id
    }

    /// The name without its kind, as people type it.
    private func bare(_ id: String) -> String { String(id.dropFirst(kind.count + 1)) }

    private func path(of id: String) -> String { "/api/v1/\(kind)s/\(FormBody.segment(id))" }

    private func said(_ what: String, _ credential: AgentCredential, _ path: String, _ call: Invocation) {
        let keyID = credential.key?.publicKey.thumbprint ?? ""
        RecordOutput.done(
            "\(what)\n\(credential.clientID), key \(keyID) in \(Table.cell(path))",
            [kind: .string(credential.clientID), "kid": .string(keyID), "key_file": .string(path)], call)
    }

    /// The default folder is made on first use, for its owner alone.
    private static func makeKeyFolder(of path: String) throws(CommandError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let folder = String(path[..<slash])
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw LocalFile.failure("cannot make the directory \(Table.cell(folder))", errno)
        }
    }
}
