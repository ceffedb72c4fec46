internal import MayflyBroker

/// The terms of entries as 32-bit hashes, keyed with a number of the file's own.
///
/// Two terms may share a hash, so whatever is found by one is compared with the entry itself. The key is there so that
/// nobody who chooses terms can choose them to collide.
struct TermHash {
    /// What a term is; part of the hash, so that an agent is not found as an owner.
    enum Kind: UInt64 {
        case token = 1
        case task, trace, agent, owner, resource, event, outcome
    }

    private let key: UInt64

    init(key: Int64) {
        self.key = UInt64(bitPattern: key)
    }

    /// The hashes of all terms that are set, those first that name the fewest entries.
    func hashes(of query: LedgerQuery) -> [UInt32] {
        let terms: [(Kind, String?)] = [
            (.token, query.token), (.task, query.task), (.trace, query.trace), (.agent, query.agent),
            (.owner, query.owner), (.resource, query.resource), (.event, query.event), (.outcome, query.outcome),
        ]
        return terms.compactMap { kind, text in text.map { hash(kind, $0) } }
    }

    func forEach(in terms: LedgerTerms, _ body: (UInt32) -> Void) {
        body(hash(.event, terms.event))
        body(hash(.outcome, terms.outcome))
        if let text = terms.agent { body(hash(.agent, text)) }
        if let text = terms.owner { body(hash(.owner, text)) }
        if let text = terms.resource { body(hash(.resource, text)) }
        if let text = terms.task { body(hash(.task, text)) }
        if let text = terms.trace { body(hash(.trace, text)) }
        if let text = terms.token { body(hash(.token, text)) }
    }

    /// Multiplies eight bytes at a time into a state and folds both halves of the product.
    func hash(_ kind: Kind, _ text: String) -> UInt32 {
        var state = Self.fold(key ^ kind.rawValue &* 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93)
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            while start + 8 <= bytes.count {
                let word = unsafe UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: start, as: UInt64.self)
                state = Self.fold(state ^ UInt64(littleEndian: word), 0xA076_1D64_78BD_642F ^ key)
                start += 8
            }
            var word: UInt64 = 0
            while start < bytes.count {
                word = unsafe word << 8 | UInt64(bytes[start])
                start += 1
            }
            state = Self.fold(state ^ word, 0xE703_7ED1_A0B4_28DB ^ key)
            state = Self.fold(state ^ UInt64(bytes.count), 0x8EBC_6AF0_9C88_C6E3)
        }
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
