internal import Glibc

/// A SoftHSM with tokens of its own in a folder of its own, for this process and for those that get `environment`.
///
/// The module reads its configuration when it is first loaded, and sees the tokens that are there then: so a process
/// has one, with a token for each test that needs one.
package final class SoftHSM: Sendable {
    package static let module = "/usr/lib/softhsm/libsofthsm2.so"
    package static let pin = "493817"
    package static let labels = (1...24).map { "mayfly-\($0)" }

    package let folder: String

    private static let made = Result { try SoftHSM(labels) }

    /// The one of this process, which finds it by `SOFTHSM2_CONF`.
    package static func shared() throws -> SoftHSM {
        let hsm = try made.get()
        setenv("SOFTHSM2_CONF", hsm.configuration, 1)
        return hsm
    }

    /// One of a test's own, for programs that it starts; `folder` is emptied by whoever made it.
    package init(_ labels: [String], in parent: String? = nil) throws {
        let base = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/mayfly-hsm-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TokenHarnessFailure("no folder for SoftHSM") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mkdir(folder + "/tokens", 0o700) == 0, let file = fopen(configuration, "w") else {
            throw TokenHarnessFailure("no configuration for SoftHSM")
        }
        fputs("directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n", file)
        fclose(file)
        for label in labels {
            let status = try run(
                "/usr/bin/softhsm2-util",
                ["--init-token", "--free", "--label", label, "--pin", Self.pin, "--so-pin", "76543210"])
            guard status == 0 else { throw TokenHarnessFailure("softhsm2-util made no token") }
        }
    }

    package var configuration: String { folder + "/softhsm2.conf" }
    /// What a program needs to find it.
    package var environment: [String: String] { ["SOFTHSM2_CONF": configuration] }

    /// Runs OpenSC's tool on a token, logged in; answers the exit status.
    @discardableResult
    package func tool(_ label: String, _ arguments: [String], output: String = "/dev/null") throws -> Int32 {
        try run(
            "/usr/bin/pkcs11-tool",
            ["--module", Self.module, "--token-label", label, "--login", "--pin", Self.pin] + arguments, output: output)
    }

    /// What OpenSC's tool says of the private keys in a token.
    package func privateKeys(_ label: String) throws -> String {
        let path = "\(folder)/listing"
        guard try tool(label, ["--list-objects", "--type", "privkey"], output: path) == 0,
            let file = fopen(path, "r")
        else { throw TokenHarnessFailure("pkcs11-tool cannot list \(label)") }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 65_536)
        return String(decoding: text[..<fread(&text, 1, text.count, file)], as: UTF8.self)
    }

    private func run(_ program: String, _ arguments: [String], output: String = "/dev/null") throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/bin:/bin"), strdup("SOFTHSM2_CONF=\(configuration)"), nil,
        ]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, program, &actions, nil, words, variables) == 0 else {
            throw TokenHarnessFailure("cannot start \(program); is it installed? scripts/install-packages test")
        }
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid else { throw TokenHarnessFailure("cannot wait for \(program)") }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}

package struct TokenHarnessFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
