import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel
import MayflyServer
import MayflyStorage

/// `mayfly init`: a directory with a configuration, keys, an empty registry and the first administrator.
enum InitCommand: CommandLineCommand {
    static let name = "init"
    static let summary = "Make a new broker's directory: configuration, keys, store, first administrator"
    static let details = """
        Writes D/config/mayfly.yaml, D/keys/ (mode 0700, each key 0600) and D/data/mayfly.db.
        Whoever has D/keys/admin.pem administers the broker: keep it where only they can read it.
        """
    static let options = [
        Option.value("dir", "D", "the directory to make"),
        Option.value("issuer", "URL", "the base URL by which agents and tools reach the broker"),
        Option.value("listen", "HOST:PORT", "where to accept HTTP (default 127.0.0.1:8480; port 0 takes a free one)"),
        Option.flag("behind-proxy", "a proxy in front speaks TLS; needed for an address that other machines can reach"),
        Option.value("admin", "NAME", "the first administrator's name (default root)"),
    ]
    static let examples = [
        "mayfly init --dir ./broker",
        "mayfly init --dir /var/lib/mayfly --issuer https://mayfly.example.com --listen 127.0.0.1:8480",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let directory = BrokerDirectory(path: try call.required("dir"))
        let listenText = call.value("listen") ?? "127.0.0.1:8480"
        guard let listen = MayflyConfig.ListenAddress(listenText) else {
            throw call.usage("--listen is not HOST:PORT")
        }
        guard listen.isLoopback || call.flag("behind-proxy") else {
            throw call.usage(
                "other machines can reach \(listen) without TLS; listen on 127.0.0.1, or say --behind-proxy")
        }
        // On port 0 the port is known at run time only, and the issuer takes it then.
        let base = listen.port == 0 ? listenText.dropLast(2) : listenText[...]
        guard let issuer = IssuerURL(call.value("issuer") ?? "http://\(base)") else {
            throw call.usage("--issuer is not acceptable: \(IssuerURL.rule)")
        }
        guard let admin = AdminID(lenient: call.value("admin") ?? "root") else {
            throw call.usage("--admin is a name of a-z 0-9 . _ -")
        }
        try BrokerDirectory.make(directory.path, mode: 0o755, mayExist: true)
        try BrokerDirectory.make(directory.configFolder, mode: 0o755, mayExist: true)
        try BrokerDirectory.write(
            BrokerConfig.template(issuer: issuer, listen: listen, behindProxy: call.flag("behind-proxy")),
            to: directory.configFile, mode: 0o644)
        let config = BrokerConfig(issuer: issuer, listen: listen, directory: directory.path)
        try BrokerDirectory.make(config.keysDirectory, mode: 0o700)
        try BrokerDirectory.make(directory.path + "/data", mode: 0o700, mayExist: true)
        try create(config, admin)
        let adminKey = config.keysDirectory + "/admin.pem"
        if call.isJSON {
            Terminal.say(
                JSONText.object([
                    "directory": .string(directory.path), "issuer": .string(issuer.text),
                    "admin": .string(admin.text), "admin_key": .string(adminKey),
                ]))
        } else {
            Terminal.say("made \(directory.path) for \(issuer)")
            Terminal.say("administrator \(admin), key \(adminKey)")
            Terminal.say("next: mayfly serve --dir \(directory.path)")
        }
    }

    private static func create(_ config: BrokerConfig, _ admin: AdminID) throws(CommandError) {
        let adminKey: PrivateKey
        do throws(CryptoError) {
            adminKey = try PrivateKey.generate(.es256)
            try PrivateKeyFile.write(adminKey, to: config.keysDirectory + "/admin.pem")
            try PrivateKeyFile.write(try PrivateKey.generate(.edDSA), to: RunningBroker.ledgerKeyPath(config))
        } catch {
            throw .failed("a key could not be made: \(error)", next: "check \(config.keysDirectory) and its disk")
        }
        do throws(StartError) {
            let store: SQLiteStore
            do {
                store = try SQLiteStore(path: config.storePath, mode: .create)
            } catch {
                throw .store(error)
            }
            try Broker.create(
                in: store, vault: FileKeyVault(directory: config.keysDirectory), admin: admin,
                adminKey: adminKey.publicKey, wall: SystemClock())
        } catch {
            throw StartFailure.describe(error, config)
        }
    }
}
