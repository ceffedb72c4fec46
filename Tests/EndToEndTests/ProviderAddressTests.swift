import MayflyModel
import Testing

/// Where the running broker goes to fetch keys, and where it does not.
@Suite struct ProviderAddressTests {
    /// Spellings of this machine and its link, of which some are only known for what they are when they are connected
    /// to.
    @Test func thisMachineIsNotAskedUnlessThatIsAllowed() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        // Somebody does listen: a refusal is not a refused connection.
        let listener = try ListeningSocket()
        let hosts = [
            "127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]", "169.254.169.254", "[fe80::1]",
        ]
        for (index, host) in hosts.enumerated() {
            let created = try desk.call(
                "POST", "/api/v1/providers",
                .object([
                    "id": .string("provider:p\(index)"), "issuer": .string("https://\(host):\(listener.port)"),
                ]))
            #expect(created.status == 201, "\(created)")
            let fetched = try desk.call("POST", "/api/v1/providers/provider:p\(index)/fetch")
            let keys = try JSONParser.parseObject(fetched.body)["keys"]?.objectValue
            #expect(keys?["fault"] == .string("local_address"), "\(host): \(fetched)")
        }
    }

    @Test func theCommandsRegisterShowAndExplain() throws {
        let broker = try RunningMayfly.started()
        _ = try Desk.open(broker)
        func run(_ arguments: String...) throws -> CommandResult {
            try broker.run(arguments + ["--dir", broker.directory, "--server", broker.url])
        }
        let bundle = "\(broker.folder.path)/bundle.json"
        let key = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        try Files.write(#"{"keys":[\#(key)]}"#, to: bundle, mode: 0o644)
        let created = try run(
            "provider", "create", "ci", "--provider-issuer", "https://ci.example", "--jwks-file", bundle)
        #expect(created.status == 0, "\(created)")
        let shown = try run("provider", "show", "ci")
        #expect(shown.output.contains("https://ci.example"), "\(shown)")
        let fetched = try run("provider", "fetch", "ci")
        #expect(fetched.status == 0 && fetched.output.contains("1 keys"), "\(fetched)")
        let test = try run("trust", "test", "not.a.token")
        #expect(test.status == 1)
        #expect(test.errors.contains("not a signed JWT"), "\(test)")
        let removed = try run("provider", "remove", "ci")
        #expect(removed.status == 0, "\(removed)")
    }
}
