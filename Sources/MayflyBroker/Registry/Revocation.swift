package import MayflyModel

/// The end of one token with all below it, of one task, or of one trace.
package struct Revocation: Record, Equatable {
    package enum Target: Hashable, Sendable {
        /// A token's `jti`; descendants name it in their chain.
        case token(String)
        case task(String)
        case trace(String)

        var prefix: String {
            switch self {
            case .token: "token"
            case .task: "task"
            case .trace: "trace"
            }
        }

        package var value: String {
            switch self {
            case .token(let value), .task(let value), .trace(let value): value
            }
        }
    }

    package let id: Target
    package let at: Timestamp
    /// When the last token that it could concern has expired.
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.revocation
    package static func key(of id: Target) -> [UInt8] { Array("\(id.prefix):\(id.value)".utf8) }

    package var stored: JSONObject {
        [
            "target": .string(id.prefix), "value": .string(id.value), "at": .integer(at.milliseconds),
            "expires": .integer(expires.milliseconds),
        ]
    }

    init(id: Target, at: Timestamp, expires: Timestamp) {
        (self.id, self.at, self.expires) = (id, at, expires)
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        let target = try fields.string("target")
        let value = try fields.string("value")
        switch target {
        case "token": id = .token(value)
        case "task": id = .task(value)
        case "trace": id = .trace(value)
        default: throw fields.failure("target", .invalid(rule: "token, task or trace"))
        }
        at = Timestamp(milliseconds: try fields.integer("at", in: 0...Int64.max))
        expires = Timestamp(milliseconds: try fields.integer("expires", in: 0...Int64.max))
        try fields.finish()
    }
}
