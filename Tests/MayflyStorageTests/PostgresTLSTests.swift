import Glibc
import MayflyBroker
import MayflyStorage
import PostgresHarness
import Synchronization
import Testing

/// A database that is reached by TLS alone.
struct PostgresTLSTests {
    @Test func onlyAServerWhoseCertificateIsVouchedForIsUsed() async throws {
        try await aside {
            let server = try PostgresServer(schemas: 1)
            let address = try server.listenWithTLS()
            let schema = try server.place().schema
            let reports = Mutex<[String]>([])
            func store(_ host: String, _ parameters: String) throws(StoreError) -> PostgresStore {
                let url =
                    "postgresql://broker@\(host)/postgres?hostaddr=\(address)&\(parameters)"
                    + "&options=-csearch_path%3D\(schema)"
                return try PostgresStore(
                    PostgresPlace(url: url) { text in reports.withLock { $0.append(text) } }, mode: .create)
            }
            let root = "sslmode=verify-full&sslrootcert=\(server.folder)/root.crt"
            let refusal = StoreError.cannotOpen(code: -Int(ECONNREFUSED))
            #expect(throws: refusal) { _ = try store("other.test", root) }
            // The machine's own authorities do not know it.
            #expect(throws: refusal) { _ = try store("db.test", "sslmode=verify-full&sslrootcert=/etc/hostname") }
            #expect(throws: refusal) { _ = try store("db.test", "sslmode=disable") }
            #expect(reports.withLock { $0.count } == 3)
            let encrypted = try store("db.test", root)
            try encrypted.append(count: 1)
            let answer = try server.sql("SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid <> pg_backend_pid()")
            #expect(answer.hasPrefix("3"), "\(answer)")
            withExtendedLifetime(encrypted) {}
        }
    }
}
