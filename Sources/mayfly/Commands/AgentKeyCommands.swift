internal import Glibc
import MayflyClient
import MayflyCrypto
import MayflyModel

/// `mayfly agent enroll-code|enroll|rotate-key|remove-key`: how an agent comes by its key.
enum AgentKeyCommands {
    static let all = [enrollCode, enroll, rotateKey, removeKey]

    private static let name = Positional("NAME", "the agent, with or without agent:")
    private static let maximumCodeLength = 128

    private static let enrollCode = Command(
        name: "agent enroll-code", summary: "Make a single-use code by which an agent registers its key",
        positionals: [name], options: Connection.adminOptions,
        examples: ["mayfly agent enroll-code support --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("agents", "NAME", AgentID.self)
        let answer = try admin.change("POST", path + "/enrolment-codes")
        guard let code = answer["code"]?.stringValue, let expires = answer["expires"]?.stringValue else {
            throw .failed("the broker's answer holds no code", next: "is the broker of the same version?")
        }
        if call.isJSON { return Terminal.say(JSONText.object(answer)) }
        Terminal.say(Table.cell(code))
        Terminal.complain(
            "for \(id), once, until \(Table.cell(expires)); there: mayfly agent enroll \(id.name) --code -")
    }

    private static let enroll = Command(
        name: "agent enroll", summary: "Make an agent's key here and register it with a code",
        details: "The key stays in its file, mode 0600; the broker gets the public half only.",
        positionals: [name],
        options: Connection.serverOptions + [
            .value("code", "CODE", "the enrolment code; - reads it from standard input"), Connection.keyOption,
        ],
        examples: ["mayfly agent enroll support --code - --server https://mayfly.example.com"]
    ) { call throws(CommandError) in
        let id = try Connection.agentID(try call.requiredArgument("NAME"), call)
        let given = try call.required("code")
        let code = given == "-" ? try LocalFile.line("-", maximum: maximumCodeLength) : given
        let path = try Connection.keyPath(of: id, call)
        if call.value("key") == nil { try makeKeyFolder(of: path) }
        let client = try Connection.client(call)
        let credential = try Connection.attempt { () throws(ClientError) in
            try client.enrol(agent: id.text, code: code, keyFile: path)
        }
        said("enrolled", credential, path, call)
    }

    private static let rotateKey = Command(
        name: "agent rotate-key", summary: "Make an agent a new key, signed in by the one that it has",
        details: """
            The new key takes the old one's file, unless --out names another.
            The old key stays registered until an administrator removes it: mayfly agent remove-key.
            """,
        positionals: [name],
        options: Connection.serverOptions + [
            Connection.keyOption, .value("out", "FILE", "write the new key here and leave the old file"),
        ],
        examples: ["mayfly agent rotate-key support"]
    ) { call throws(CommandError) in
        let id = try Connection.agentID(try call.requiredArgument("NAME"), call)
        let path = try Connection.keyPath(of: id, call)
        let old = try Connection.credential(id.text, at: path)
        let client = try Connection.client(call)
        let target = call.value("out") ?? path + ".next"
        let credential = try Connection.attempt { () throws(ClientError) in
            try client.rotateKey(of: old, to: target)
        }
        if call.value("out") == nil, rename(target, path) != 0 {
            throw LocalFile.failure("the new key is registered, but lies in \(Table.cell(target))", errno)
        }
        said("rotated; the old key is still registered: \(old)", credential, call.value("out") ?? path, call)
    }

    private static let removeKey = Command(
        name: "agent remove-key", summary: "Remove an agent's key and end the agent's tokens",
        positionals: [name, Positional("KID", "the key's id, as agent show prints it")],
        options: Connection.adminOptions,
        examples: ["mayfly agent remove-key support NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("agents", "NAME", AgentID.self)
        let keyID = FormBody.escaped(try call.requiredArgument("KID"))
        let record = try admin.change("DELETE", "\(path)/keys/\(keyID)")
        RecordOutput.done("removed the key of \(id); the agent's tokens have ended", record, call)
    }

    private static func said(_ what: String, _ credential: AgentCredential, _ path: String, _ call: Invocation) {
        let keyID = credential.key.publicKey.thumbprint
        RecordOutput.done(
            "\(what)\n\(credential.clientID), key \(keyID) in \(Table.cell(path))",
            ["agent": .string(credential.clientID), "kid": .string(keyID), "key_file": .string(path)], call)
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
