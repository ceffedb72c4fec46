import Testing

@testable import MayflyConfig

/// Which URLs of databases are taken, and that none of them holds a password.
@Suite struct StoreLocationTests {
    @Test(arguments: [
        "postgresql://", "postgres://localhost", "postgresql://mayfly@db.example.com:5432/mayfly?sslmode=verify-full",
        "postgresql://mayfly@/mayfly?host=/run/postgresql", "postgresql://a,b/mayfly?target_session_attrs=read-write",
        "postgresql:///?service=mayfly&passfile=/srv/pgpass", "postgresql://[::1]:5432/mayfly",
        "postgresql://u%3Ax@db/mayfly", "postgresql://db/a:b@c",
    ])
    func aURLWithoutPasswordIsTakenAsItIs(_ text: String) {
        #expect(PostgresURL(text)?.text == text)
        #expect(PostgresURL.isMeant(text))
    }

    @Test(arguments: [
        "postgresql://u:p@db/mayfly", "postgresql://:p@db", "postgres://u:@db", "postgresql://u:p@a@b/x",
        "postgresql://db/m?password=p", "postgresql://db/m?a=b&PASSWORD=p", "postgresql://db/m?%70assword=p",
        "postgresql://db/m?pass%77ord=p", "postgresql://db/m?sslpassword=p", "postgresql://db/m?oauth_client_secret=p",
        "postgresql://db/m?pass%zzword=p",
        "postgresql://db?x=y:z@q", "postgresql://db/m?%FF=p", "postgresql://db/m?password",
    ])
    func aURLThatMayHoldAPasswordIsRefused(_ text: String) {
        #expect(PostgresURL(text) == nil)
    }

    @Test(arguments: [
        "", "postgresql:/db", "PostgreSQL://db", "mysql://db", "postgresql://d b", "postgresql://d\0b",
        "postgresql://d\nb", "host=db password=p", "postgresql://d\"b", "postgresql://d\\b",
        "postgresql://" + String(repeating: "a", count: 1024),
    ])
    func whatIsNoSuchURLIsRefused(_ text: String) {
        #expect(PostgresURL(text) == nil)
    }
}
