import MayflyBroker
import MayflyConfig
import MayflyStorage
import Synchronization

/// Opens the kind of store that the configuration names.
enum OpenStore {
    /// `cluster` is for a broker beside others.
    ///
    /// `report` is told, in the database's own words, why it cannot be reached: not more often than `Reports` lets it.
    static func open(
        _ location: StoreLocation, onlyToLook: Bool = false, cluster: ClusterConfig? = nil,
        report: @escaping @Sendable (String) -> Void
    ) throws(StoreError) -> any Store {
        switch location {
        case .file(let path): try SQLiteStore(path: path, mode: .open)
        case .postgres(let url, let passwordFile):
            if let cluster {
                try PostgresSharedStore(place(url, passwordFile, report), terms: cluster.terms)
            } else {
                try PostgresStore(place(url, passwordFile, report), mode: onlyToLook ? .inspect : .open)
            }
        }
    }

    /// Makes an empty store, or takes one that is there and empty in a database.
    static func create(
        _ location: StoreLocation, report: @escaping @Sendable (String) -> Void
    ) throws(StoreError) -> any Store {
        switch location {
        case .file(let path): return try SQLiteStore(path: path, mode: .create)
        case .postgres(let url, let passwordFile):
            let store = try PostgresStore(place(url, passwordFile, report), mode: .create)
            guard try store.head() == StoreHead() else { throw .conflict }
            return store
        }
    }

    static func place(
        _ url: PostgresURL, _ passwordFile: String?, _ report: @escaping @Sendable (String) -> Void
    ) -> PostgresPlace {
        let reports = Reports()
        return PostgresPlace(url: url.text, passwordFile: passwordFile) { text in
            if reports.permit(text, at: .now) { report(text) }
        }
    }

    /// Which reports are passed on: what is new, and the same again after half a minute.
    private final class Reports: Sendable {
        private let last = Mutex<(text: String, time: ContinuousClock.Instant)?>(nil)

        func permit(_ text: String, at now: ContinuousClock.Instant) -> Bool {
            last.withLock { last in
                if let said = last, said.text.utf8.elementsEqual(text.utf8), now - said.time < .seconds(30) {
                    return false
                }
                last = (text, now)
                return true
            }
        }
    }
}
