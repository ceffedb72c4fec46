import MayflyCrypto
import MayflyModel

/// Glewlwyd as Debian packages it, set up in a directory of its own: SQLite, ES256 JWTs, introspection.
///
/// All settings are its defaults but these: the log holds errors only; its OAuth 2 plugin signs with a P-256 key,
/// grants `client_credentials` alone, and lets the client that a token was made for introspect it. Its threads are its
/// own choice (one for each connection), as is how it commits: SQLite's defaults, which sync at every transaction.
/// Access tokens live for an hour. The client authenticates with HTTP Basic, the only way that this plugin knows.
final class Glewlwyd {
    let port: Int
    let server: ChildProcess
    private let folder: TemporaryDirectory
    private var directory: String { folder.path }
    private let authorization: String

    private static let client = "bench"
    private static let plugin = "bench"

    init() throws(BenchError) {
        folder = try TemporaryDirectory()
        let directory = folder.path
        port = try FreePort.find()
        // Good for this directory alone, which ends with the run.
        let secret = try BenchError.wrap("no random bytes") { () throws(CryptoError) in
            try SecureRandom.token(byteCount: 32)
        }
        authorization = "Basic " + Base64.encode(Array("\(Self.client):\(secret)".utf8))
        let schema = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
        try ChildProcess.run(["sh", "-c", "zcat \(schema) | sqlite3 \(directory)/glewlwyd.db"])
        try Files.write(Array(Self.configuration(directory, port).utf8), to: directory + "/glewlwyd.conf")
        server = try ChildProcess.inBackground(["glewlwyd", "--config-file=\(directory)/glewlwyd.conf"])
        try signIn()
        try makePlugin()
        try admin(
            "scope", ["name": .string("tool"), "display_name": .string("tool"), "password_required": .bool(false)])
        try admin(
            "client",
            [
                "client_id": .string(Self.client), "name": .string("Bench"), "confidential": .bool(true),
                "password": .string(secret), "client_secret": .string(secret), "enabled": .bool(true),
                "authorization_type": .array([.string("client_credentials")]), "scope": .array([.string("tool")]),
            ])
    }

    deinit { server.stop() }

    var tokenRequest: HTTPRequestBytes {
        .form(
            "/api/\(Self.plugin)/token", [("grant_type", "client_credentials"), ("scope", "tool")],
            authorization: authorization)
    }

    func introspection(_ token: String) -> HTTPRequestBytes {
        .form("/api/\(Self.plugin)/introspect/", [("token", token)], authorization: authorization)
    }

    /// Waits for the server too; its package's first administrator has this password until it is changed.
    private func signIn() throws(BenchError) {
        try post("auth", ["username": .string("admin"), "password": .string("password")])
    }

    private func makePlugin() throws(BenchError) {
        let keyFile = directory + "/key.pem"
        let pem = try BenchError.wrap("cannot make a key") { () throws(CryptoError) in
            try PrivateKey.generate(.es256).pem()
        }
        try Files.write(pem, to: keyFile)
        let certificate = try ChildProcess.run(["openssl", "pkey", "-in", keyFile, "-pubout"])
        var parameters: JSONObject = [
            "url": .string(Self.plugin), "jwt-type": .string("ecdsa"), "jwt-key-size": .string("256"),
            "key": .string(String(decoding: pem, as: UTF8.self)), "cert": .string(certificate),
            "access-token-duration": .integer(3600), "refresh-token-duration": .integer(1_209_600),
            "code-duration": .integer(600), "refresh-token-rolling": .bool(false),
            "introspection-revocation-allowed": .bool(true),
            "introspection-revocation-allow-target-client": .bool(true),
        ]
        for grant in ["code", "implicit", "password", "client", "refresh", "device"] {
            parameters["auth-type-\(grant)-enabled"] = .bool(grant == "client")
        }
        try admin(
            "mod/plugin",
            [
                "module": .string("oauth2-glewlwyd"), "name": .string(Self.plugin), "display_name": .string("Bench"),
                "parameters": .object(parameters),
            ])
    }

    private func admin(_ path: String, _ body: JSONObject) throws(BenchError) { try post(path, body) }

    /// Posts to the admin API; the cookie file carries the administrator's session.
    private func post(_ path: String, _ body: JSONObject) throws(BenchError) {
        let file = directory + "/body.json"
        try Files.write(JSONWriter.bytes(of: .object(body)), to: file)
        try ChildProcess.run([
            "curl", "--silent", "--fail", "--retry", "10", "--retry-connrefused", "--cookie",
            directory + "/cookies", "--cookie-jar", directory + "/cookies", "--header",
            "Content-Type: application/json", "--data-binary", "@" + file, "http://127.0.0.1:\(port)/api/\(path)/",
        ])
    }

    private static func configuration(_ directory: String, _ port: Int) -> String {
        """
        port=\(port)
        bind_address="127.0.0.1"
        external_url="http://127.0.0.1:\(port)/"
        login_url="login.html"
        api_prefix="api"
        log_mode="file"
        log_level="ERROR"
        log_file="\(directory)/glewlwyd.log"
        cookie_secure=0
        session_expiration=2419200
        session_key="GLEWLWYD2_SESSION_ID"
        admin_scope="g_admin"
        profile_scope="g_profile"
        user_module_path="/usr/lib/glewlwyd/user"
        client_module_path="/usr/lib/glewlwyd/client"
        user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
        plugin_module_path="/usr/lib/glewlwyd/plugin"
        hash_algorithm="SHA512"
        database = { type = "sqlite3"; path = "\(directory)/glewlwyd.db"; };

        """
    }
}
