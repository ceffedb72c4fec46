package import MayflyModel

/// A search over the ledger; every term that is set must match exactly.
package struct LedgerQuery: Sendable {
    package static let maximumLimit = 1000

    package var event: String?
    package var outcome: String?
    package var agent: String?
    package var owner: String?
    package var resource: String?
    package var task: String?
    package var trace: String?
    package var token: String?
    /// Inclusive.
    package var since: Timestamp?
    /// Exclusive.
    package var until: Timestamp?
    /// Only entries with a smaller index; the cursor of the next page.
    package var before: UInt64?
    /// 1 to `maximumLimit`.
    package var limit: Int

    package init(limit: Int = 100) {
        self.limit = limit
    }
}
