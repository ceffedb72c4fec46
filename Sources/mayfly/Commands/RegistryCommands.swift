import MayflyModel

/// `mayfly owner|role|resource …`.
enum RegistryCommands {
    static let all = owners + KeyCommands.owners + roles + resources

    // MARK: Owners

    private static let ownerName = Positional("NAME", "the owner, with or without owner:")

    private static let owners = [
        list("owner", "owners", columns: ["id", "state", "name", "email", "groups", "delegate"]),
        show("owner", "owners", ownerName, OwnerID.self),
        Command(
            name: "owner create", summary: "Register a person who answers for agents", positionals: [ownerName],
            options: Connection.adminOptions + [
                .value("title", "TEXT", "the person's name"), .value("email", "ADDRESS", "where to reach them"),
                .value("delegate", "NAME", "who inherits the agents when this owner leaves"),
                .list("group", "NAME", "a group that approvals may ask for; may be repeated"),
            ],
            examples: [
                "mayfly owner create support-lead --title \"Support lead\" --email lead@example.com --dir ./broker"
            ]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let (_, id) = try admin.path("owners", "NAME", OwnerID.self)
            var spec: JSONObject = [
                "id": .string(id.text), "name": .string(call.value("title") ?? id.name),
                "email": .string(try call.required("email")),
            ]
            if let delegate = call.value("delegate") {
                guard let heir = OwnerID(lenient: delegate) else { throw call.usage("--delegate is not a name") }
                spec["delegate"] = .string(heir.text)
            }
            let groups = call.values("group")
            if !groups.isEmpty { spec["groups"] = .array(groups.map { .string($0) }) }
            let record = try admin.change("POST", "/api/v1/owners", body: spec)
            RecordOutput.done("created \(id)", record, call)
        },
        Command(
            name: "owner leave", summary: "An owner leaves: agents go to the delegate, or end with the owner",
            positionals: [ownerName], options: Connection.adminOptions + [.reason],
            examples: ["mayfly owner leave ana --reason \"left the company\" --dir ./broker"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let (path, id) = try admin.path("owners", "NAME", OwnerID.self)
            let answer = try admin.change("POST", path + "/leave", body: admin.reason)
            func names(_ member: String) -> String { Table.cell(RecordOutput.text(answer[member] ?? .null)) }
            RecordOutput.done(
                "\(id) has left\noffboarded  \(names("offboarded"))\ninherited   \(names("inherited"))", answer, call)
        },
    ]

    // MARK: Roles

    private static let roleName = Positional("NAME", "the role, with or without role:")

    private static let roles = [
        list("role", "roles", columns: ["id", "name", "scopes", "max_token_life", "max_depth"]),
        show("role", "roles", roleName, RoleID.self),
        remove("role", "roles", "Remove a role that no agent has", roleName, RoleID.self),
    ]

    // MARK: Resources

    private static let resourceName = Positional("NAME", "the resource's short name")

    private static let resources = [
        list("resource", "resources", columns: ["name", "identifier", "scopes", "authentication", "has_secret"]),
        show("resource", "resources", resourceName, ResourceName.self),
        Command(
            name: "resource secret", summary: "Give a resource a new secret, shown once; the old one stops at once",
            positionals: [resourceName], options: Connection.adminOptions,
            examples: ["mayfly resource secret tickets --dir ./broker > tickets.secret"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let (path, id) = try admin.path("resources", "NAME", ResourceName.self)
            let answer = try admin.change("POST", path + "/secret")
            guard let secret = answer["client_secret"]?.stringValue else {
                throw .failed("the broker's answer holds no secret", next: "is the broker of the same version?")
            }
            if call.isJSON { return Terminal.say(JSONText.object(answer)) }
            Terminal.say(Table.cell(secret))
            Terminal.complain("client_id \(id); this secret is not shown again")
        },
        remove("resource", "resources", "Remove a resource that nothing names", resourceName, ResourceName.self),
    ]

    // MARK: Shared

    private static func list(_ kind: String, _ collection: String, columns: [String]) -> Command {
        Command(
            name: "\(kind) list", summary: "List \(collection)", options: Connection.adminOptions,
            examples: ["mayfly \(kind) list --dir ./broker"]
        ) { call throws(CommandError) in
            let records = try AdminCall(call).list("/api/v1/\(collection)", collection)
            RecordOutput.list(records, as: collection, columns: columns, call)
        }
    }

    private static func show<K: IdentifierKind>(
        _ kind: String, _ collection: String, _ name: Positional, _ id: Identifier<K>.Type
    ) -> Command {
        Command(
            name: "\(kind) show", summary: "Show one \(kind)", positionals: [name], options: Connection.adminOptions,
            examples: ["mayfly \(kind) show example --dir ./broker"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let path = try admin.path(collection, "NAME", Identifier<K>.self).path
            RecordOutput.show(try admin.get(path), call)
        }
    }

    private static func remove<K: IdentifierKind>(
        _ kind: String, _ collection: String, _ summary: String, _ name: Positional, _ id: Identifier<K>.Type
    ) -> Command {
        Command(
            name: "\(kind) remove", summary: summary, positionals: [name], options: Connection.adminOptions,
            examples: ["mayfly \(kind) remove example --dir ./broker"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let (path, id) = try admin.path(collection, "NAME", Identifier<K>.self)
            let answer = try admin.change("DELETE", path, ifMatch: try admin.tagged(path).tag)
            RecordOutput.done("removed \(id)", answer, call)
        }
    }
}
