import MayflyBroker
import MayflyModel

extension HTTPOutcome {
    /// Waits for a broker call and turns what it answers into a reply, or its error into a problem.
    static func waiting<Answer>(
        _ start: @escaping (@escaping @Sendable (Result<Answer, BrokerError>) -> Void) -> Void,
        _ reply: @escaping @Sendable (Answer) -> HTTPReply
    ) -> HTTPOutcome {
        .parked { parked in
            start { result in
                switch result {
                case .success(let answer): parked.finish(reply(answer))
                case .failure(let error): parked.finish(Problem.reply(for: .broker(error)))
                }
            }
        }
    }
}

/// JSON answers of the admin endpoints.
enum AdminReply {
    static func object(_ object: JSONObject, status: Int = 200, version: Int64? = nil) -> HTTPReply {
        HTTPReply(
            status: status, contentType: .json, headers: version.map { [(name: "ETag", value: etag($0))] } ?? [],
            body: JSONWriter.bytes(of: .object(object)))
    }

    static let empty = HTTPReply(status: 204, headers: [], body: [])

    /// A strong entity tag (RFC 9110 §8.8.3): the record's version.
    static func etag(_ version: Int64) -> String { "\"v\(version)\"" }

    /// The version that a strong tag of ours stands for; nil for a weak or foreign one, which never matches.
    private static func version(_ tag: EntityTag) -> Int64? {
        guard !tag.isWeak, tag.opaque.hasPrefix("v") else { return nil }
        return Int64(tag.opaque.dropFirst())
    }

    /// What `If-Match` demands; a change without it is refused (RFC 6585 §3).
    static func precondition(_ request: HTTPRequest) throws(Failure) -> Precondition {
        guard let header = request.header("If-Match") else { throw .preconditionRequired }
        guard let condition = try? IfMatch.parse(Array(header.utf8)) else { throw .badIfMatch }
        switch condition {
        case .any: return .present
        case .tags(let tags): return .version(among: tags.compactMap(version))
        }
    }
}
