/// Why the store could not do what it was asked; holds no stored value.
///
/// A positive `code` is the library's own, for PostgreSQL the SQLSTATE as a number in base 36; a negative one is an
/// `errno` of the operating system, negated.
package enum StoreError: Error, Equatable, Sendable {
    /// The disk or quota is full; nothing of the batch was kept.
    case full
    /// Reading or writing failed; whether a batch was kept is known only after the store is opened again.
    case inputOutput(code: Int)
    /// What is stored is not what Mayfly wrote.
    case corrupt(code: Int)
    /// Another writer holds the store, or moved the ledger first; nothing of the batch was kept.
    case conflict
    /// Others have committed more than the store still tells one by one; only a new start takes it all in.
    case leftBehind
    /// The nodes of the store have leases of another length: so many milliseconds.
    case otherLease(milliseconds: Int64)
    /// The caller broke a bound of `StoreLimits` or of the batch's own numbers; nothing of the batch was kept.
    case invalid
    /// The store was made by a newer version of Mayfly.
    case newerSchema(found: Int, known: Int)
    /// The database is set up to answer before what it was told is on its disk.
    case notDurable
    /// Files of the store are missing, may not be opened, or were replaced while the store was open; or the database
    /// lets nobody in.
    case cannotOpen(code: Int)
}
