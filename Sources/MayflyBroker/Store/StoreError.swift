/// Why the store could not do what it was asked; holds no stored value.
package enum StoreError: Error, Equatable, Sendable {
    /// The disk or quota is full; nothing of the batch was kept.
    case full
    /// Reading or writing failed; the code is the library's own.
    case inputOutput(code: Int)
    /// What is stored is not what Mayfly wrote.
    case corrupt(code: Int)
    /// Another writer holds the store, or moved the ledger first.
    case conflict
    /// The store was made by a newer version of Mayfly.
    case newerSchema(found: Int, known: Int)
    /// Files of the store are missing, or may not be opened.
    case cannotOpen(code: Int)
}
