internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// The marks of one commit as one row keeps them: each its end (8 bytes, big-endian) and its digest (32).
///
/// A mark is only ever read when the broker starts, so it needs no row and no key of its own.
struct MarkGroup {
    let bytes: [UInt8]
    /// When the last of them expires.
    let expiresAt: Timestamp

    /// Nil for no marks.
    init?(_ marks: [UsedMark]) {
        guard var latest = marks.first?.expires else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(marks.count * (8 + SHA256Digest.byteCount))
        for mark in marks {
            output.appendBigEndian(mark.expires.milliseconds)
            mark.id.append(to: &output)
            latest = max(latest, mark.expires)
        }
        bytes = output
        expiresAt = latest
    }

    /// Hands each mark of a stored row to `body`.
    static func forEach(in bytes: [UInt8], _ body: (UsedMark) -> Void) throws(StoreError) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let expires = Timestamp(milliseconds: try reader.integer(Int64.self))
            body(UsedMark(id: try reader.digest(), expires: expires))
        }
    }
}
