import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyModel
import MayflyServer

/// `mayfly init`: a directory with a configuration, keys, an empty registry and the first administrator.
enum InitCommand: CommandLineCommand {
    static let name = "init"
    static let summary = "Make a new broker's directory: configuration, keys, store, first administrator"
    static let details = """
        Writes D/config/mayfly.yaml, D/keys/ (mode 0700, each key 0600) and D/data/mayfly.db.
        With --store the registry and the ledger go into a PostgreSQL database: tables that begin with mayfly_, made
        there if they are missing, and empty. A password is never part of the URL: libpq finds it in PGPASSFILE, in a
        passfile or in a service, or --store-password-file names a file of mode 0600 with it.
        With a passphrase all keys are encrypted, and the configuration says where the broker finds it at each start.
        With --pkcs11-module and --pkcs11-token the signing keys are made in that token, and never leave it.
        Whoever has D/keys/admin.pem administers the broker: keep it where only they can read it.
        """
    static let options =
        [
            Option.value("dir", "D", "the directory to make"),
            Option.value("issuer", "URL", "the base URL by which agents and tools reach the broker"),
            Option.value(
                "listen", "HOST:PORT", "where to accept HTTP (default 127.0.0.1:8480; port 0 takes a free one)"),
            Option.flag(
                "behind-proxy", "a proxy in front speaks TLS; needed for an address that other machines can reach"),
            Option.value("store", "URL", "a PostgreSQL database in place of a file, for example postgresql:///mayfly"),
            Option.value("store-password-file", "FILE", "a file whose first line is the database's password"),
            Option.value("admin", "NAME", "the first administrator's name (default root)"),
        ] + InitKeys.options
    static let examples = [
        "mayfly init --dir ./broker",
        "mayfly init --dir /var/lib/mayfly --issuer https://mayfly.example.com --listen 127.0.0.1:8480",
        "mayfly init --dir ./broker --store 'postgresql://mayfly@db.example.com/mayfly?sslmode=verify-full'",
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
        var config = BrokerConfig(issuer: issuer, listen: listen, directory: directory.path)
        config.store = try location(call) ?? config.store
        config.keys = try InitKeys.config(call)
        // The secrets and the token as well: nothing is made when they are out of reach.
        let place: KeyPlace
        do {
            place = try KeyPlace(config)
        } catch {
            throw .failed("\(error)", next: KeyPlace.nextStep(error, config))
        }
        // A database may turn out to be out of reach, or in use: before anything is made.
        let database = try database(config)
        try BrokerDirectory.make(directory.path, mode: 0o755, mayExist: true)
        try BrokerDirectory.make(directory.configFolder, mode: 0o755, mayExist: true)
        try BrokerDirectory.write(
            BrokerConfig.template(
                issuer: issuer, listen: listen, behindProxy: call.flag("behind-proxy"), store: config.store,
                keys: config.keys),
            to: directory.configFile, mode: 0o644)
        try BrokerDirectory.make(config.keysDirectory, mode: 0o700)
        try BrokerDirectory.make(directory.path + "/data", mode: 0o700, mayExist: true)
        try create(config, admin, place, in: database)
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

    /// The database that the options name; nil when they name none.
    private static func location(_ call: Invocation) throws(CommandError) -> StoreLocation? {
        let passwordFile = try call.value("store-password-file").map { path throws(CommandError) in
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy(PostgresURL.isPlain) else {
                throw call.usage("--store-password-file is an absolute path without spaces")
            }
            return path
        }
        guard let text = call.value("store") else {
            if passwordFile != nil { throw call.usage("--store-password-file needs --store") }
            return nil
        }
        guard let url = PostgresURL(text) else { throw call.usage("--store is \(PostgresURL.form)") }
        return .postgres(url, passwordFile: passwordFile)
    }

    private static func database(_ config: BrokerConfig) throws(CommandError) -> (any Store)? {
        guard case .postgres = config.store else { return nil }
        do {
            return try OpenStore.create(config.store, report: Terminal.complain)
        } catch {
            throw StartFailure.describe(error, config.store)
        }
    }

    private static func create(
        _ config: BrokerConfig, _ admin: AdminID, _ place: KeyPlace, in database: (any Store)?
    ) throws(CommandError) {
        let adminKey: PrivateKey
        do throws(CryptoError) {
            adminKey = try PrivateKey.generate(.es256)
            try place.write(adminKey, to: config.keysDirectory + "/admin.pem")
            try place.write(try PrivateKey.generate(.edDSA), to: RunningBroker.ledgerKeyPath(config))
        } catch {
            throw .failed("a key could not be made: \(error)", next: "check \(config.keysDirectory) and its disk")
        }
        do throws(StartError) {
            let store: any Store
            do throws(StoreError) {
                if let database {
                    store = database
                } else {
                    store = try OpenStore.create(config.store, report: Terminal.complain)
                }
            } catch {
                throw .store(error)
            }
            try Broker.create(
                in: store, vault: place.vault, admin: admin,
                adminKey: adminKey.publicKey, wall: SystemClock())
        } catch {
            throw StartFailure.describe(error, config)
        }
    }
}
