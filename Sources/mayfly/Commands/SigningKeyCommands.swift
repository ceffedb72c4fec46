import MayflyClient
import MayflyModel

/// `mayfly keys …`: the broker's signing keys.
enum SigningKeyCommands {
    static let all = [list, rotate, compromise, EncryptKeysCommand.command]

    private static let list = Command(
        name: "keys list", summary: "List the broker's signing keys", options: Connection.adminOptions,
        examples: ["mayfly keys list --dir ./broker"]
    ) { call throws(CommandError) in
        show(try AdminCall(call).get("/api/v1/keys"), call)
    }

    private static let rotate = Command(
        name: "keys rotate", summary: "Move the signing keys one step: next to active, active to retiring",
        options: Connection.adminOptions, examples: ["mayfly keys rotate --dir ./broker"]
    ) { call throws(CommandError) in
        show(try AdminCall(call).change("POST", "/api/v1/keys/rotate"), call)
    }

    private static let compromise = Command(
        name: "keys compromise", summary: "Take a signing key away at once, because others may have it",
        details: """
            The key leaves the key set, its private half is destroyed, and whatever it signed is dead at the next
            question; so is every ticket and every token that was made from another one until now, because what it was
            made from may have been forged. Agents get new tokens as always: the next key signs from now on.
            Others are told by the ledger's event signing_key.compromised, and by the notices that ask for it. Tools
            that check tokens by themselves have to drop their copy of the key set.
            Where the whole folder may be known, end each of its keys, the next ones first.
            """,
        positionals: [Positional("KID", "the key's id, as keys list prints it")],
        options: Connection.adminOptions + [.reason],
        examples: [
            "mayfly keys compromise MSj3mmdCKCV0rFxQ9Ui1mf9Z5Lxnt4O2NxNEX4-0SP0 --reason \"incident 7\" --dir ./broker"
        ]
    ) { call throws(CommandError) in
        let keyID = try call.requiredArgument("KID")
        _ = try call.required("reason")
        let admin = try AdminCall(call)
        let answer = try admin.change(
            "POST", "/api/v1/keys/\(FormBody.escaped(keyID))/compromise", body: admin.reason)
        if call.isJSON { return Terminal.say(JSONText.object(answer)) }
        Terminal.say("compromised \(Table.cell(answer["compromised"]?.stringValue ?? "")): what it signed is dead")
        if let successor = answer["successor"]?.stringValue { Terminal.say("\(Table.cell(successor)) signs now") }
        show(answer, call)
        Terminal.complain("next: have tools that check tokens by themselves fetch the key set again, and read")
        Terminal.complain("      what was done meanwhile: mayfly ledger query --event registry.changed")
    }

    private static func show(_ answer: JSONObject, _ call: Invocation) {
        let keys = (answer["keys"]?.arrayValue ?? []).compactMap(\.objectValue)
        RecordOutput.list(keys, as: "keys", columns: ["kid", "alg", "state", "created", "retires"], call)
    }
}
