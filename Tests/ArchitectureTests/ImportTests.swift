import Testing

/// Imports point one way: executable, then server, storage and client, then broker, then ledger and policy, then
/// crypto, then model.
@Suite struct ImportTests {
    /// What each module may import of ours, and which C module is its own.
    private static let allowed: [String: Set<String>] = [
        "MayflyModel": [],
        "MayflyCrypto": ["MayflyModel", "COpenSSL", "CJWT", "CP11Kit"],
        "MayflyConfig": ["MayflyModel", "CYAML"],
        "MayflyPolicy": ["MayflyModel", "MayflyCrypto"],
        "MayflyLedger": ["MayflyModel", "MayflyCrypto"],
        "MayflyBroker": ["MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger"],
        "MayflyStorage": [
            "MayflyModel", "MayflyCrypto", "MayflyLedger", "MayflyBroker", "CLibPQ", "CSQLite", "CZstd",
        ],
        "MayflyServer": [
            "MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger", "MayflyBroker", "CGnuTLS",
            "CMicroHTTPD",
        ],
        "MayflyClient": ["MayflyModel", "MayflyCrypto", "CCurl"],
        "mayfly": [
            "MayflyModel", "MayflyCrypto", "MayflyConfig", "MayflyPolicy", "MayflyLedger", "MayflyBroker",
            "MayflyStorage", "MayflyServer", "MayflyClient", "CSpawn",
        ],
    ]

    /// What of the toolchain a module needs beside the standard library.
    private static let system: [String: Set<String>] = [
        "MayflyModel": [],
        "MayflyPolicy": [],
        "MayflyLedger": [],
        "MayflyCrypto": ["Glibc", "Synchronization"],
        "MayflyConfig": ["Glibc"],
        "MayflyBroker": ["Glibc", "Synchronization", "Dispatch"],
        "MayflyStorage": ["Glibc", "Synchronization", "Dispatch"],
        "MayflyServer": ["Glibc", "Synchronization"],
        "MayflyClient": ["Glibc", "Synchronization"],
        "mayfly": ["Glibc", "Synchronization", "Dispatch"],
    ]

    private static let sources = Checkout.swiftFiles("Sources")

    @Test func everyImportPointsDownwards() {
        #expect(Self.sources.count > 100, "the sources were not found")
        for file in Self.sources {
            let allowed = Self.allowed[file.module]?.union(Self.system[file.module] ?? [])
            guard let allowed else {
                Issue.record("\(file.path): the module is not on the list")
                continue
            }
            for name in file.imports where !allowed.contains(name) {
                Issue.record("\(file.path) imports \(name)")
            }
        }
    }

    @Test func eachCModuleIsImportedByOneModule() {
        let modules = Set(
            Checkout.files("Sources").filter { $0.hasSuffix("/module.modulemap") }
                .compactMap { $0.split(separator: "/").dropFirst().first.map(String.init) })
        #expect(
            modules == [
                "COpenSSL", "CJWT", "CP11Kit", "CLibPQ", "CMicroHTTPD", "CGnuTLS", "CSQLite", "CYAML", "CCurl", "CZstd",
                "CSpawn",
            ])
        for module in modules {
            #expect(Checkout.text("Sources/\(module)/module.modulemap").contains("module \(module) "), "\(module)")
            let users = Set(Self.sources.filter { $0.imports.contains(module) }.map(\.module))
            #expect(users.count == 1, "\(module) is imported by \(users.sorted())")
        }
    }

    @Test func testsImportNoCModuleAndNoFoundation() {
        for file in Checkout.swiftFiles("Tests") {
            let bad = file.imports.filter { $0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true }
            #expect(bad.isEmpty, "\(file.path) imports \(bad)")
            #expect(!file.imports.contains("Foundation"), "\(file.path)")
        }
    }
}
