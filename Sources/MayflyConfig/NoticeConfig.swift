package import MayflyModel

/// One place that is told of what happens, as `notices` of the file names it.
package struct NoticeConfig: Equatable, Sendable {
    /// How the place is reached.
    package enum Target: Equatable, Sendable {
        /// An HTTP endpoint, and the file with the secret by which it knows us.
        case webhook(url: String, secretFile: String)
        /// A program and its arguments, started without a shell.
        case command([String])
    }

    package static let maximumCount = 16
    package static let keepRange: ClosedRange<Int64> = 60...604_800
    private static let maximumNameLength = 63
    private static let maximumElements = 64
    private static let maximumArguments = 32
    private static let maximumArgumentLength = 1024

    package let name: String
    package let target: Target
    /// Names of ledger events, some with a star at their end.
    package let events: [String]
    package let agents: [AgentID]
    package let owners: [OwnerID]
    /// Audiences.
    package let resources: [String]
    package let tiers: [Int64]
    /// Seconds after which an entry that was not taken is given up on.
    package let keep: Int64

    /// Reads the lists `webhooks` and `commands` of `notices`.
    static func list(
        _ reader: inout FieldReader, path: (inout FieldReader, String) throws(FieldError) -> String?
    ) throws(FieldError) -> [NoticeConfig] {
        var found: [NoticeConfig] = []
        for member in ["webhooks", "commands"] {
            for (value, place) in try reader.values(member, maximumCount: maximumCount) ?? [] {
                var fields = try FieldReader(value, path: place)
                let notice = try NoticeConfig(&fields, isWebhook: member == "webhooks", path: path)
                guard !found.contains(where: { $0.name.utf8.elementsEqual(notice.name.utf8) }) else {
                    throw fields.failure("name", .invalid(rule: "names one webhook or command only"))
                }
                found.append(notice)
            }
        }
        guard found.count <= maximumCount else {
            throw FieldError(path: reader.path, problem: .tooMany(maximum: maximumCount))
        }
        try reader.finish()
        return found
    }

    private init(
        _ fields: inout FieldReader, isWebhook: Bool, path: (inout FieldReader, String) throws(FieldError) -> String?
    ) throws(FieldError) {
        name = try fields.string("name", maximum: Self.maximumNameLength)
        guard Self.isName(name) else {
            throw fields.failure("name", .invalid(rule: "must be 1 to 63 of a-z 0-9 . _ -"))
        }
        if isWebhook {
            let url = try fields.string("url", maximum: CollectorURL.maximumLength)
            guard CollectorURL(url) != nil else { throw fields.failure("url", .invalid(rule: Self.urlRule)) }
            guard let file = try path(&fields, "secret_file") else { throw fields.failure("secret_file", .missing) }
            target = .webhook(url: url, secretFile: file)
        } else {
            target = .command(try Self.command("run", of: &fields))
        }
        guard let events = try fields.strings("events", maximumCount: Self.maximumElements, maximumLength: 64),
            !events.isEmpty
        else { throw fields.failure("events", .missing) }
        self.events = events
        agents = try fields.identifiers("agents", maximumCount: Self.maximumElements) ?? []
        owners = try fields.identifiers("owners", maximumCount: Self.maximumElements) ?? []
        resources = try fields.strings("resources", maximumCount: Self.maximumElements, maximumLength: 1024) ?? []
        var tiers: [Int64] = []
        for (value, place) in try fields.values("tiers", maximumCount: 4) ?? [] {
            guard case .integer(let tier) = value, (1...4).contains(tier) else {
                throw FieldError(path: place, problem: .invalid(rule: "is a tier, 1 to 4"))
            }
            tiers.append(tier)
        }
        self.tiers = tiers
        keep = try fields.duration("keep", in: Self.keepRange) ?? 86_400
        try fields.finish()
    }

    private static let urlRule =
        "must be an https URL, or http to this machine, in lower case, without user, query or fragment"

    /// A program's path and its arguments, of which two may be the same.
    private static func command(_ name: String, of fields: inout FieldReader) throws(FieldError) -> [String] {
        var words: [String] = []
        for (value, place) in try fields.values(name, maximumCount: maximumArguments) ?? [] {
            guard let word = value.stringValue else {
                throw FieldError(path: place, problem: .wrongType(expected: "a string"))
            }
            guard word.utf8.count <= maximumArgumentLength, !word.utf8.contains(0) else {
                throw FieldError(path: place, problem: .tooLong(maximum: maximumArgumentLength))
            }
            words.append(word)
        }
        guard words.first?.utf8.first == UInt8(ascii: "/") else {
            throw fields.failure(name, .invalid(rule: "must be a list: a program's absolute path, and its arguments"))
        }
        return words
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
            }
    }
}
