/// A `tracestate` header (W3C Trace Context §3.3), handed on as it came and never read.
enum TraceState {
    /// Bytes that the standard asks everyone to hand on; a longer one is left out.
    static let maximumLength = 512

    /// The header's fields in order, joined as the standard says; nil when there is none that can be handed on.
    static func text(_ fields: HeaderFields) -> String? {
        guard fields.count(of: "tracestate") > 0 else { return nil }
        let text = fields.all("tracestate").joined(separator: ",")
        guard (1...maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return nil
        }
        return text
    }
}
