// swift-tools-version: 6.2
import PackageDescription

/// Every target: an import is internal unless it says otherwise, and a warning stops the build.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Targets that call C spell each such call `unsafe`.
let cFacing: [SwiftSetting] = common + [.strictMemorySafety()]

let package = Package(
    name: "mayfly",
    products: [
        .executable(name: "mayfly", targets: ["mayfly"]),
        .library(name: "MayflyClient", targets: ["MayflyClient"]),
        .library(name: "mayfly-faults", type: .dynamic, targets: ["MayflyFaults"]),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CP11Kit", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(name: "CJWT", pkgConfig: "libjwt", providers: [.apt(["libjwt-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        // Through which libmicrohttpd speaks TLS.
        .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // The C library's own; nothing to install.
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        .target(name: "MayflyModel", swiftSettings: common),
        .target(
            name: "MayflyCrypto", dependencies: ["MayflyModel", "COpenSSL", "CJWT", "CP11Kit"], swiftSettings: cFacing),
        .target(name: "MayflyConfig", dependencies: ["MayflyModel", "CYAML"], swiftSettings: cFacing),
        .target(name: "MayflyPolicy", dependencies: ["MayflyModel", "MayflyCrypto"], swiftSettings: common),
        .target(name: "MayflyLedger", dependencies: ["MayflyModel", "MayflyCrypto"], swiftSettings: common),
        .target(
            name: "MayflyBroker",
            dependencies: ["MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger"],
            swiftSettings: common),
        .target(
            name: "MayflyStorage",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyLedger", "MayflyBroker", "CLibPQ", "CSQLite", "CZstd",
            ],
            swiftSettings: cFacing),
        .target(
            name: "MayflyServer",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger", "MayflyBroker", "CGnuTLS",
                "CMicroHTTPD",
            ],
            swiftSettings: cFacing),
        .target(
            name: "MayflyClient",
            dependencies: ["MayflyModel", "MayflyCrypto", "CCurl"],
            swiftSettings: cFacing),
        .executableTarget(
            name: "mayfly",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyConfig", "MayflyPolicy", "MayflyLedger", "MayflyBroker",
                "MayflyStorage", "MayflyServer", "MayflyClient", "CSpawn",
            ],
            swiftSettings: common),

        .executableTarget(
            name: "mayfly-bench",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyLedger", "MayflyBroker", "MayflyStorage", "CertificateHarness",
            ],
            path: "Benchmarks/MayflyBench",
            swiftSettings: common),

        .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
        .executableTarget(
            name: "mayfly-bench-micro",
            dependencies: [
                "CAllocations", "MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger", "MayflyBroker",
            ],
            path: "Benchmarks/MicroBench",
            swiftSettings: common),

        // Loaded under a broker by the crash tests, and linked into nothing.
        .target(name: "MayflyFaults", path: "Crash/Faults", publicHeadersPath: "."),
        .executableTarget(
            name: "mayfly-crash", dependencies: ["MayflyModel", "MayflyCrypto", "MayflyLedger", "MayflyClient"],
            path: "Crash/MayflyCrash", swiftSettings: common),

        // Starts the PostgreSQL server of the tests; linked into them alone.
        .target(name: "PostgresHarness", path: "Tests/PostgresHarness", swiftSettings: common),

        // Makes certificates by the openssl command; linked into tests and measurements alone.
        .target(
            name: "CertificateHarness", dependencies: ["MayflyModel"], path: "Tests/CertificateHarness",
            swiftSettings: common),

        // Makes the PKCS#11 tokens of the tests; linked into them alone.
        .target(name: "TokenHarness", path: "Tests/TokenHarness", swiftSettings: common),

        .testTarget(name: "MayflyModelTests", dependencies: ["MayflyModel"], swiftSettings: common),
        .testTarget(
            name: "MayflyCryptoTests",
            dependencies: ["MayflyModel", "MayflyCrypto", "CertificateHarness", "TokenHarness"],
            swiftSettings: common),
        .testTarget(
            name: "MayflyConfigTests", dependencies: ["MayflyModel", "MayflyConfig"], swiftSettings: common),
        .testTarget(
            name: "MayflyPolicyTests", dependencies: ["MayflyModel", "MayflyPolicy"], swiftSettings: common),
        .testTarget(
            name: "MayflyLedgerTests",
            dependencies: ["MayflyModel", "MayflyCrypto", "MayflyLedger"],
            swiftSettings: common),
        .testTarget(
            name: "MayflyStorageTests",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyLedger", "MayflyBroker", "MayflyStorage", "PostgresHarness",
            ],
            swiftSettings: common),
        .testTarget(
            name: "MayflyClientTests",
            dependencies: ["MayflyModel", "MayflyCrypto", "MayflyClient", "mayfly"],
            swiftSettings: common),
        .testTarget(
            name: "MayflyBrokerTests",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyPolicy", "MayflyLedger", "MayflyBroker", "MayflyStorage",
                "MayflyServer", "CertificateHarness",
            ],
            swiftSettings: common),
        .testTarget(
            name: "MayflyServerTests",
            dependencies: ["MayflyModel", "MayflyBroker", "MayflyServer", "MayflyClient", "CertificateHarness"],
            swiftSettings: common),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "mayfly", "MayflyModel", "MayflyCrypto", "MayflyConfig", "MayflyLedger", "MayflyServer",
                "PostgresHarness", "CertificateHarness", "TokenHarness",
            ],
            swiftSettings: common),
        .testTarget(name: "ArchitectureTests", swiftSettings: common),
    ]
)

// Needs libFuzzer and the flags of scripts/fuzz, so it is there only when that asks for it.
if Context.environment["MAYFLY_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .executableTarget(
            name: "mayfly-fuzz",
            dependencies: [
                "MayflyModel", "MayflyCrypto", "MayflyConfig", "MayflyPolicy", "MayflyLedger", "MayflyBroker",
                "MayflyServer", "CFuzzer",
            ],
            path: "Fuzz/Sources",
            swiftSettings: cFacing),
    ]
}
