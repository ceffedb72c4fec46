internal import Glibc
import MayflyClient
import MayflyModel

/// `mayfly notice …`: who is told of what happens.
enum NoticeCommands {
    static let all = [list, test, secret]

    private static let list = Command(
        name: "notice list", summary: "List who is told of what happens, and what waits for them",
        details: "Webhooks and commands stand in mayfly.yaml under notices; see docs/notices.md.",
        options: Connection.adminOptions, examples: ["mayfly notice list --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let record = try admin.get("/api/v1/notices")
        let routes = (record["routes"]?.arrayValue ?? []).compactMap(\.objectValue)
        RecordOutput.list(
            routes, as: "routes", columns: ["name", "events", "waiting", "oldest"], keepsOrder: true, call)
    }

    private static let test = Command(
        name: "notice test", summary: "Tell one of them something, to try it out",
        details: "The ledger gets an entry notice.tested, and the message is that entry.",
        positionals: [Positional("NAME", "the webhook's or command's name")],
        options: Connection.adminOptions, examples: ["mayfly notice test approvals --dir ./broker"]
    ) { call throws(CommandError) in
        let name = try call.requiredArgument("NAME")
        try AdminCall(call).change("POST", "/api/v1/notices/test", body: ["route": .string(name)])
        RecordOutput.done("written; mayfly notice list shows whether it still waits", [:], call)
    }

    private static let secret = Command(
        name: "notice secret", summary: "Make the secret by which a webhook's receiver knows the broker",
        details: """
            Writes a new file of mode 0600. Give its content to the receiver, which checks signatures with any library for
            Standard Webhooks. To change a secret, put the new one on a second line until the receiver has it.
            """,
        options: [.value("out", "FILE", "the new file, which must not exist")],
        examples: ["mayfly notice secret --out ./broker/keys/approvals.webhook"]
    ) { call throws(CommandError) in
        let path = try call.required("out")
        let text = try Connection.attempt { () throws(ClientError) in try WebhookSecret.generate() }
        try BrokerDirectory.write(text + "\n", to: path, mode: 0o600)
        RecordOutput.done("the secret is in \(Table.cell(path)); name it as secret_file in mayfly.yaml", [:], call)
    }
}
