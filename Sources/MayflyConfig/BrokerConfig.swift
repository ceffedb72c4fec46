internal import MayflyModel

/// What `config/mayfly.yaml` says: everything the broker needs to know before it opens its store.
///
/// All spans are in seconds.
package struct BrokerConfig: Equatable, Sendable {
    /// Below the broker's directory.
    package static let folder = "config"
    package static let fileName = "mayfly.yaml"

    package static let tokenLifeRange: ClosedRange<Int64> = 10...3600
    package static let enrolmentCodeLifeRange: ClosedRange<Int64> = 60...86_400
    package static let ticketLifeRange: ClosedRange<Int64> = 5...600
    package static let assertionLifeRange: ClosedRange<Int64> = 10...3600
    package static let clockSkewRange: ClosedRange<Int64> = 0...60
    package static let reviewRange: ClosedRange<Int64> = 3600...315_360_000
    package static let overdueRange: ClosedRange<Int64> = 0...31_536_000
    package static let noticeRange: ClosedRange<Int64> = 60...31_536_000
    package static let connectionRange: ClosedRange<Int64> = 8...65_536
    package static let threadRange: ClosedRange<Int64> = 1...256
    /// Bytes of a path as written.
    package static let maximumPathLength = 1024

    package var issuer: IssuerURL
    package var listen: ListenAddress
    /// Says that every request comes through a proxy that speaks TLS to the outside.
    package var behindProxy = false
    /// Nil for plain HTTP.
    package var tls: TLSConfig?
    /// Nil when no client is known by a certificate.
    package var mtls: MTLSConfig?
    /// Nil when client certificates come on connections alone.
    package var proxy: ProxyConfig?
    /// Where the private keys are.
    package var keysDirectory: String
    package var keys = KeyConfig()
    /// Where registry, revocations and ledger are.
    package var store: StoreLocation
    /// Set when other brokers use the store too.
    package var cluster: ClusterConfig?
    /// Where archived parts of the ledger are.
    package var archiveDirectory: String
    /// A token's life when none is asked for.
    package var defaultTokenLife: Int64 = 300
    /// The longest life that may be asked for.
    package var maximumTokenLife: Int64 = 3600
    package var enrolmentCodeLife: Int64 = 600
    package var ticketLife: Int64 = 60
    /// The longest `exp` - `iat` of a client assertion (RFC 7523 §3).
    package var assertionMaximumLife: Int64 = 300
    /// How far another machine's clock may be off.
    package var clockSkew: Int64 = 30
    /// Connections that are open at one time; nil means as many as the limit of open files allows, within reason.
    package var connections: Int64?
    /// Threads that serve requests; nil means one for each processor.
    package var threads: Int64?
    /// How often one agent may ask for tokens; nil means as often as it likes.
    package var mintLimit: RequestRate?
    /// How often all agents of one owner together may ask for tokens; nil means as often as they like.
    package var ownerMintLimit: RequestRate?
    /// How often one resource may ask about tokens; nil means as often as it likes.
    package var verifyLimit: RequestRate?
    /// From one review of an agent to the next; nil means that none is due by itself.
    package var reviewEvery: Int64?
    package var overdueReviews = OverdueReviews.warn
    /// From when a review is due until it is overdue.
    package var overdueAfter: Int64 = 1_209_600
    /// So long before an agent's end date it is said; nil means never.
    package var endingNotice: Int64? = 604_800
    package var endedAgents = EndedAgents.warn
    package var logLevel = LogLevel.info
    package var logFormat = LogFormat.text
    /// Whether `GET /metrics` answers.
    package var metricsEnabled = true
    /// Where spans go; nil for nowhere.
    package var tracingEndpoint: CollectorURL?
    /// The share of new traces that is recorded.
    package var tracingSample = 1.0
    /// Who is told of what happens.
    package var notices: [NoticeConfig] = []
    /// Whether keys of identity providers are fetched from addresses of this machine and its link.
    package var allowsLocalProviders = false
    /// Certificates in PEM that are trusted when keys are fetched, instead of the system's.
    package var providerCAFile: String?

    package enum OverdueReviews: String, CaseIterable, Sendable {
        case off, warn, suspend
    }

    package enum EndedAgents: String, CaseIterable, Sendable {
        case off, warn, suspend, offboard
    }

    package enum LogLevel: String, CaseIterable, Sendable {
        case debug, info, warning, error
    }

    package enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }

    /// The defaults for a broker whose files are under `directory`.
    package init(issuer: IssuerURL, listen: ListenAddress, directory: String) {
        self.issuer = issuer
        self.listen = listen
        keysDirectory = Self.resolve("../keys", in: directory)
        store = .file(Self.resolve("../data/mayfly.db", in: directory))
        archiveDirectory = Self.resolve("../data/archive", in: directory)
    }

    /// Reads `config/mayfly.yaml` below `directory`.
    package static func load(directory: String) throws(YAMLError) -> BrokerConfig {
        let document = try YAMLDocument.load(resolve(fileName, in: directory))
        return try BrokerConfig(document, directory: directory)
    }

    /// Reads a parsed file; relative paths in it start at `config` below `directory`.
    package init(_ document: YAMLDocument, directory: String) throws(YAMLError) {
        do {
            try self.init(FieldReader(document.value), directory: directory)
        } catch {
            throw document.located(error)
        }
    }

    private init(_ reader: consuming FieldReader, directory: String) throws(FieldError) {
        var reader = reader
        guard let issuer = IssuerURL(try reader.string("issuer")) else {
            throw reader.failure("issuer", .invalid(rule: IssuerURL.rule))
        }
        guard let listen = ListenAddress(try reader.string("listen")) else {
            throw reader.failure("listen", .invalid(rule: ListenAddress.rule))
        }
        self.init(issuer: issuer, listen: listen, directory: directory)
        behindProxy = try reader.optionalBool("behind_proxy") ?? behindProxy
        if var tls = try reader.object("tls") { self.tls = try TLSConfig(&tls, in: directory) }
        if var mtls = try reader.object("mtls") { self.mtls = try MTLSConfig(&mtls, in: directory) }
        if var proxy = try reader.object("proxy") { self.proxy = try ProxyConfig(&proxy) }
        if var keys = try reader.object("keys") {
            keysDirectory = try Self.path("directory", of: &keys, in: directory) ?? keysDirectory
            self.keys = try KeyConfig(&keys) { name, fields throws(FieldError) in
                try Self.path(name, of: &fields, in: directory)
            }
            try keys.finish()
        }
        store = try Self.location(of: &reader, in: directory) ?? store
        if var cluster = try reader.object("cluster") {
            guard case .postgres = store else {
                throw reader.failure("cluster", .invalid(rule: "needs a store that is a postgresql:// URL"))
            }
            self.cluster = try ClusterConfig(&cluster)
        }
        archiveDirectory = try Self.path("archive", of: &reader, in: directory) ?? archiveDirectory
        if var token = try reader.object("token") { try readToken(&token) }
        enrolmentCodeLife =
            try reader.duration("enrolment_code_life", in: Self.enrolmentCodeLifeRange) ?? enrolmentCodeLife
        ticketLife = try reader.duration("ticket_life", in: Self.ticketLifeRange) ?? ticketLife
        assertionMaximumLife =
            try reader.duration("assertion_maximum_life", in: Self.assertionLifeRange) ?? assertionMaximumLife
        clockSkew = try reader.duration("clock_skew", in: Self.clockSkewRange) ?? clockSkew
        if var limits = try reader.object("limits") {
            connections = try limits.optionalInteger("connections", in: Self.connectionRange)
            threads = try limits.optionalInteger("threads", in: Self.threadRange)
            mintLimit = try RequestRate.read("mint", of: &limits)
            ownerMintLimit = try RequestRate.read("mint_owner", of: &limits)
            verifyLimit = try RequestRate.read("verify", of: &limits)
            try limits.finish()
        }
        if var lifecycle = try reader.object("lifecycle") { try readLifecycle(&lifecycle) }
        if var log = try reader.object("log") {
            logLevel = try log.choice("level", LogLevel.self) ?? logLevel
            logFormat = try log.choice("format", LogFormat.self) ?? logFormat
            try log.finish()
        }
        if var metrics = try reader.object("metrics") {
            metricsEnabled = try metrics.optionalBool("enabled") ?? metricsEnabled
            try metrics.finish()
        }
        if var tracing = try reader.object("tracing") { try readTracing(&tracing) }
        if var providers = try reader.object("providers") {
            allowsLocalProviders = try providers.optionalBool("allow_local_addresses") ?? allowsLocalProviders
            providerCAFile = try Self.path("ca_file", of: &providers, in: directory)
            try providers.finish()
        }
        if var notices = try reader.object("notices") {
            self.notices = try NoticeConfig.list(&notices) { fields, name throws(FieldError) in
                try Self.path(name, of: &fields, in: directory)
            }
        }
        try reader.finish()
        try checkTLS(reader)
        guard isListenerSafe else { throw reader.failure("listen", .invalid(rule: Self.plainListenerRule)) }
    }

    private mutating func readToken(_ token: inout FieldReader) throws(FieldError) {
        let longest = try token.duration("maximum_life", in: Self.tokenLifeRange)
        maximumTokenLife = longest ?? maximumTokenLife
        // A short maximum alone brings the default down with it; a default above the maximum is a contradiction.
        defaultTokenLife = min(defaultTokenLife, maximumTokenLife)
        let range = Self.tokenLifeRange.lowerBound...maximumTokenLife
        defaultTokenLife = try token.duration("default_life", in: range) ?? defaultTokenLife
        try token.finish()
    }

    private mutating func readLifecycle(_ lifecycle: inout FieldReader) throws(FieldError) {
        try Self.read("review_every", of: &lifecycle, in: Self.reviewRange, into: &reviewEvery)
        overdueReviews = try lifecycle.choice("overdue", OverdueReviews.self) ?? overdueReviews
        overdueAfter = try lifecycle.duration("overdue_after", in: Self.overdueRange) ?? overdueAfter
        try Self.read("ending_notice", of: &lifecycle, in: Self.noticeRange, into: &endingNotice)
        endedAgents = try lifecycle.choice("ended", EndedAgents.self) ?? endedAgents
        try lifecycle.finish()
    }

    /// Reads a span, or `off`, into `span`, which stays when nothing is said.
    private static func read(
        _ name: String, of reader: inout FieldReader, in range: ClosedRange<Int64>, into span: inout Int64?
    ) throws(FieldError) {
        var ahead = reader
        if ahead.take(name)?.stringValue == "off" {
            reader = ahead
            span = nil
        } else {
            span = try reader.duration(name, in: range) ?? span
        }
    }

    private mutating func readTracing(_ tracing: inout FieldReader) throws(FieldError) {
        let text = try tracing.string("endpoint", maximum: CollectorURL.maximumLength)
        guard let url = CollectorURL(text) else { throw tracing.failure("endpoint", .invalid(rule: CollectorURL.rule)) }
        tracingEndpoint = url
        tracingSample = try tracing.optionalShare("sample") ?? tracingSample
        try tracing.finish()
    }

    /// What TLS, client certificates and a proxy that passes them on need of each other.
    private func checkTLS(_ reader: borrowing FieldReader) throws(FieldError) {
        if tls != nil, !issuer.isHTTPS {
            throw reader.failure("issuer", .invalid(rule: "must be an https URL, since tls is set"))
        }
        guard let mtls else { return }
        if mtls.listen != nil, tls == nil {
            throw reader.failure("mtls", .invalid(rule: "needs tls, to listen with a certificate of its own"))
        }
        if mtls.listen == nil, proxy == nil {
            throw reader.failure(
                "mtls", .invalid(rule: "needs listen, or a proxy that passes client certificates on"))
        }
    }

    /// Tokens must not cross a network as plain text.
    package var isListenerSafe: Bool { listen.isLoopback || behindProxy || tls != nil }

    package static let plainListenerRule =
        "would serve plain HTTP, and with it tokens, to other machines; set tls, listen on 127.0.0.1 or [::1], or put a "
        + "proxy with TLS in front and set behind_proxy: true"

    private static func location(
        of reader: inout FieldReader, in directory: String
    ) throws(FieldError) -> StoreLocation? {
        let text = try reader.optionalString("store", maximum: maximumPathLength)
        let passwordFile = try path("store_password_file", of: &reader, in: directory)
        if let text, text.utf8.contains("://".utf8) {
            guard let url = PostgresURL(text) else {
                throw reader.failure("store", .invalid(rule: "must be a path or " + PostgresURL.form))
            }
            return .postgres(url, passwordFile: passwordFile)
        }
        guard passwordFile == nil else {
            throw reader.failure("store_password_file", .invalid(rule: "needs a store that is a postgresql:// URL"))
        }
        guard let text else { return nil }
        guard !text.isEmpty else {
            throw reader.failure("store", .invalid(rule: "must be a path or a postgresql:// URL"))
        }
        return .file(resolve(text, in: directory))
    }

    static func neededPath(
        _ name: String, of reader: inout FieldReader, in directory: String
    ) throws(FieldError) -> String {
        guard let path = try path(name, of: &reader, in: directory) else { throw reader.failure(name, .missing) }
        return path
    }

    static func path(
        _ name: String, of reader: inout FieldReader, in directory: String
    ) throws(FieldError) -> String? {
        guard let text = try reader.optionalString(name, maximum: maximumPathLength) else { return nil }
        guard !text.isEmpty else { throw reader.failure(name, .invalid(rule: "must be a path")) }
        return resolve(text, in: directory)
    }

    /// Joins a path as written to the config folder by its text alone, so that a config folder which is a symbolic
    /// link still finds `../keys` beside the link.
    static func resolve(_ path: String, in directory: String) -> String {
        let slash = UInt8(ascii: "/")
        guard path.utf8.first != slash else { return path }
        let isAbsolute = directory.utf8.first == slash
        var parts: [String] = []
        for bytes in "\(directory)/\(folder)/\(path)".utf8.split(separator: slash) {
            let part = String(decoding: bytes, as: UTF8.self)
            if part == "." { continue }
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }
}
