import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyServer

/// What several ledger commands have in common.
enum LedgerOptions {
    static let terms = [
        "agent", "owner", "task", "trace", "resource", "token", "event", "outcome",
    ]

    static let query =
        terms.map { Option.value($0, $0.uppercased(), "only entries with this \($0)") } + [
            Option.value("since", "TIME", "from this time on: RFC 3339, or 30s, 15m, 24h, 7d ago"),
            Option.value("until", "TIME", "before this time"),
        ]

    static let key = Option.value("key", "VKEY", "the ledger's verifier key, as you know it from elsewhere")

    /// The query of the ledger API that the options ask for.
    static func query(_ call: Invocation) throws(CommandError) -> [(String, String?)] {
        var query = terms.map { ($0, call.value($0)) }
        for name in ["since", "until"] {
            query.append((name, try call.value(name).map { text throws(CommandError) in try time(text, name, call) }))
        }
        return query
    }

    /// A moment as the options write it: RFC 3339, or so long ago.
    static func time(_ text: String, _ name: String, _ call: Invocation) throws(CommandError) -> String {
        if RFC3339.parse(text) != nil { return text }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        else { throw call.usage("--\(name) is an RFC 3339 time, or a span such as 15m") }
        return RFC3339.format(SystemClock().now().advanced(bySeconds: -count * unit))
    }

    /// Runs a check of the ledger; its failure is an answer, and the answer is no.
    static func check<Value>(_ body: () throws(LedgerError) -> Value) throws(CommandError) -> Value {
        do throws(LedgerError) {
            return try body()
        } catch {
            throw .refused(
                "the ledger's evidence does not hold: \(Table.cell("\(error)"))",
                next: "keep the files and this message; whoever runs the broker must explain it")
        }
    }

    /// The key that the caller pins, or that of the broker, which then vouches for itself.
    static func verifierKey(_ call: Invocation, _ admin: AdminCall) throws(CommandError) -> NoteVerifierKey {
        if let text = call.value("key") { return try pinned(text, call) }
        guard let text = try admin.get("/api/v1/ledger/key")["verifier_key"]?.stringValue,
            let key = try? NoteVerifierKey(vkey: text)
        else { throw .failed("the broker's verifier key cannot be read", next: "is the broker of the same version?") }
        Terminal.complain("warning: the key came from the broker itself; pin it from now on: --key \(Table.cell(text))")
        return key
    }

    static func pinned(_ text: String, _ call: Invocation) throws(CommandError) -> NoteVerifierKey {
        guard let key = try? NoteVerifierKey(vkey: text) else {
            throw call.usage("--key is not a verifier key: NAME+8 hex digits+base64")
        }
        return key
    }
}
