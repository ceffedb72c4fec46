internal import Glibc
internal import MayflyModel
internal import Synchronization

/// Why a certificate for a test could not be made.
package struct CertificateFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A certificate with its key, in files.
package struct TestCertificate: Sendable {
    package let der: [UInt8]
    package let pem: String
    /// In PEM.
    package let file: String
    package let keyFile: String
}

/// Makes certificates by the openssl command, in a folder that goes with it.
package final class TestAuthority: Sendable {
    /// What a certificate says; a value of openssl's configuration where one stands.
    package struct Request: Sendable {
        package var subject = "/O=Example/CN=agent"
        package var alternativeNames: String?
        package var keyUsage: String? = "critical,digitalSignature"
        package var extendedKeyUsage: String? = "clientAuth,serverAuth"
        package var basicConstraints: String? = "critical,CA:false"
        /// In openssl's form, YYYYMMDDHHMMSSZ.
        package var from = "20200101000000Z"
        package var until = "20400101000000Z"
        package var algorithm = ["-pkeyopt", "ec_paramgen_curve:P-256"]
        package var keyType = "ec"
        package var digest = "sha256"

        package init() {}

        package static func named(_ subject: String, _ names: String? = nil) -> Request {
            var request = Request()
            (request.subject, request.alternativeNames) = (subject, names)
            return request
        }

        package static func authority(_ subject: String, _ pathLength: Int? = nil) -> Request {
            var request = Request()
            request.subject = subject
            request.basicConstraints = "critical,CA:true" + (pathLength.map { ",pathlen:\($0)" } ?? "")
            request.keyUsage = "critical,keyCertSign,cRLSign"
            request.extendedKeyUsage = nil
            return request
        }
    }

    package let folder: String
    /// The authority's own certificate.
    package let certificate: TestCertificate

    /// Makes a root, whose files are in a folder of its own below the one for temporary files.
    package init(_ request: Request = .authority("/O=Example/CN=Root")) throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/mayfly-certificates-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CertificateFailure("no temporary folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.add(folder)
        certificate = try Self.make(request, in: folder, by: nil)
    }

    private init(folder: String, certificate: TestCertificate) {
        (self.folder, self.certificate) = (folder, certificate)
    }

    /// A certificate that this authority signs.
    package func issue(_ request: Request) throws -> TestCertificate {
        try Self.make(request, in: folder, by: certificate)
    }

    /// An authority below this one.
    package func intermediate(_ request: Request = .authority("/O=Example/CN=Intermediate")) throws -> TestAuthority {
        TestAuthority(folder: folder, certificate: try issue(request))
    }

    /// A certificate that signs itself.
    package func selfSigned(_ request: Request) throws -> TestCertificate {
        try Self.make(request, in: folder, by: nil)
    }

    private static func make(
        _ request: Request, in folder: String, by issuer: TestCertificate?
    ) throws -> TestCertificate {
        let name = "\(folder)/\(UInt64.random(in: 0...UInt64.max))"
        var lines = [
            "[req]", "distinguished_name = empty", "prompt = no", "utf8 = yes", "string_mask = utf8only", "[empty]",
            "CN = unused", "[ca]",
            "default_ca = this", "[this]", "new_certs_dir = \(folder)", "database = \(name).index",
            "rand_serial = yes", "unique_subject = no", "policy = any", "preserve = yes", "email_in_dn = yes",
            "default_md = \(request.digest)", "copy_extensions = none", "[any]", "[leaf]",
            "subjectKeyIdentifier = hash",
        ]
        if let usage = request.keyUsage { lines.append("keyUsage = \(usage)") }
        if let usage = request.extendedKeyUsage { lines.append("extendedKeyUsage = \(usage)") }
        if let constraints = request.basicConstraints { lines.append("basicConstraints = \(constraints)") }
        if let names = request.alternativeNames { lines.append("subjectAltName = \(names)") }
        if issuer != nil { lines.append("authorityKeyIdentifier = keyid") }
        try write(lines.joined(separator: "\n") + "\n", to: name + ".cnf")
        try write("", to: name + ".index")
        try openssl(
            ["req", "-new", "-newkey", request.keyType] + request.algorithm + [
                "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", request.subject, "-multivalue-rdn",
                "-utf8", "-config", name + ".cnf",
            ], name)
        var arguments = [
            "ca", "-batch", "-config", name + ".cnf", "-extensions", "leaf", "-in", name + ".csr", "-out",
            name + ".pem", "-startdate", request.from, "-enddate", request.until, "-notext", "-utf8", "-preserveDN",
        ]
        if let issuer {
            arguments += ["-cert", issuer.file, "-keyfile", issuer.keyFile]
        } else {
            arguments += ["-selfsign", "-keyfile", name + ".key"]
        }
        try openssl(arguments, name)
        let pem = try read(name + ".pem")
        chmod(name + ".key", 0o600)
        let body = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        guard let der = Base64.decode(body) else { throw CertificateFailure("openssl wrote no certificate") }
        return TestCertificate(der: der, pem: pem, file: name + ".pem", keyFile: name + ".key")
    }

    private static func openssl(_ arguments: [String], _ name: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, name + ".log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, name + ".log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/local/bin:/usr/bin:/bin"), strdup("LC_ALL=C.UTF-8"), nil,
        ]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawnp(&pid, "openssl", &actions, nil, words, variables) == 0 else {
            throw CertificateFailure("openssl does not start")
        }
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid, status == 0 else {
            throw CertificateFailure("openssl: \((try? read(name + ".log")) ?? "no log")")
        }
    }

    private static func write(_ text: String, to path: String) throws {
        guard let stream = fopen(path, "wb") else { throw CertificateFailure("cannot write \(path)") }
        let bytes = Array(text.utf8)
        let count = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, count == bytes.count else { throw CertificateFailure("cannot write \(path)") }
    }

    private static func read(_ path: String) throws -> String {
        guard let stream = fopen(path, "rb") else { throw CertificateFailure("cannot open \(path)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, stream), count > 0 { bytes += piece.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Folders that go when the process ends: most authorities are kept for all tests of a suite.
private enum Leftovers {
    private static let folders = Mutex<[String]>([])

    private static let isRegistered: Bool = {
        atexit { Leftovers.remove() }
        return true
    }()

    static func add(_ folder: String) {
        guard isRegistered else { return }
        folders.withLock { $0.append(folder) }
    }

    private static func remove() {
        for folder in folders.withLock({ $0 }) {
            guard let directory = opendir(folder) else { continue }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                }
                unlink("\(folder)/\(name)")
            }
            closedir(directory)
            rmdir(folder)
        }
    }
}
