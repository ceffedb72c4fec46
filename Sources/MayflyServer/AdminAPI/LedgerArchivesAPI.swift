import MayflyBroker
import MayflyCrypto
import MayflyModel

/// `/api/v1/ledger/archives`: the parts of the ledger that lie in segment files.
enum LedgerArchivesAPI {
    static let endpoints = [
        Endpoint(
            "GET", "/api/v1/ledger/archives", "List the files of archived ledger entries", access: .read,
            success: (200, "LedgerArchives")
        ) { call throws(Failure) in
            let archives = call.broker.ledger.archives().map { archive, isPresent in
                var object = json(archive)
                object["present"] = .bool(isPresent)
                return JSONValue.object(object)
            }
            return .reply(
                AdminReply.object([
                    "directory": .string(call.broker.ledger.archiveLocation), "archives": .array(archives),
                ]))
        },
        Endpoint(
            "POST", "/api/v1/ledger/archives",
            "Move the oldest ledger entries into a file, up to one file a request", access: .admin,
            request: "LedgerArchiveRequest", success: (200, "LedgerArchiveResult")
        ) { call throws(Failure) in
            var fields = try call.fields()
            let cut: LedgerArchiver.Cut
            do throws(FieldError) {
                cut = try wanted(&fields)
            } catch {
                throw .field(error)
            }
            return .waiting({ call.broker.archiver.run(cut, by: call.actor, $0) }) { outcome in
                var object: JSONObject = ["more": .bool(outcome.isMore)]
                object["archive"] = outcome.archive.map { .object(json($0)) }
                return AdminReply.object(object)
            }
        },
    ]

    private static func wanted(_ fields: inout FieldReader) throws(FieldError) -> LedgerArchiver.Cut {
        let keep = try fields.optionalInteger("keep", in: 0...Int64.max)
        let before = try fields.timestamp("before")
        try fields.finish()
        switch (keep, before) {
        case (.some(let count), nil): return .keep(UInt64(count))
        case (nil, .some(let time)): return .before(time)
        default: throw FieldError(path: .root, problem: .invalid(rule: "exactly one of keep, before"))
        }
    }

    private static func json(_ archive: LedgerArchive) -> JSONObject {
        [
            "file": .string(archive.seal.file), "first": .string(String(archive.range.lowerBound)),
            "last": .string(String(archive.range.upperBound - 1)), "size": .string(String(archive.seal.size)),
            "sha256": .string(Base64URL.encode(archive.seal.digest.bytes)),
            "root": .string(Base64URL.encode(archive.seal.root.bytes)),
            "since": .string(RFC3339.format(archive.since)), "until": .string(RFC3339.format(archive.until)),
            "created": .string(RFC3339.format(archive.createdAt)), "by": .string(archive.actor),
        ]
    }
}
