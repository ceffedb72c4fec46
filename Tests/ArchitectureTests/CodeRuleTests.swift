import Testing

/// What no source may hold: ways to trap, ways around the compiler, and places that exist on one machine only.
@Suite struct CodeRuleTests {
    /// Each with the reason that the file itself gives at length.
    private static let uncheckedSendable = [
        "Sources/MayflyBroker/State/TimedWait.swift": "a mutex and a condition are made for several threads",
        "Sources/MayflyCrypto/ECDSAOperation.swift": "an EVP_PKEY_CTX that is only copied may be copied by any thread",
        "Sources/MayflyCrypto/KeyHandle.swift": "an EVP_PKEY that nothing changes may be used by several threads",
        "Sources/MayflyCrypto/PKCS11/PKCS11Module.swift": "a module that was told to lock takes calls of any thread",
        "Sources/MayflyCrypto/SHA256.swift": "a fetched EVP_MD is only ever read",
        "Sources/MayflyCrypto/X509PathValidator.swift": "an X509_STORE that nothing is added to has a lock of its own",
        "Sources/MayflyServer/HTTP/LibraryResponse.swift": "an MHD_Response that is made may be queued by any thread",
        "Sources/MayflyServer/HTTP/TLSCertificate.swift": "GnuTLS's structures never change until they are freed",
        "Sources/MayflyServer/HTTP/SuspendedConnection.swift": "MHD_resume_connection may be called by any thread",
    ]

    private static let sources = Checkout.swiftFiles("Sources")

    @Test(arguments: [
        "try!", "as!", "fatalError(", "import Foundation", "nonisolated(unsafe)", "unsafeBitCast", "unowned(unsafe)",
    ])
    func noSourceHolds(_ words: String) {
        for file in Self.sources {
            for (number, line) in file.code.enumerated() where line.contains(words) {
                // FoundationEssentials is another word than Foundation.
                if words == "import Foundation", !file.imports.contains("Foundation") { continue }
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }

    @Test func noSourceForcesAnOptional() {
        for file in Self.sources {
            for (number, line) in file.code.enumerated() where Self.forces(line) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }

    @Test func uncheckedSendableStandsOnlyWhereItsReasonIsKnown() {
        let found = Set(
            Self.sources.filter { $0.code.contains { $0.contains("@unchecked Sendable") } }.map(\.path))
        #expect(found == Set(Self.uncheckedSendable.keys))
        for path in found {
            let comments = Checkout.text(path).split(separator: "\n").filter { $0.hasPrefix("///") }
            #expect(comments.contains { $0.lowercased().contains("unchecked") }, "\(path) does not say why")
        }
    }

    /// The formatter breaks code and leaves comments as they are.
    @Test func commentsKeepToTheirWidth() {
        let files = ["Sources", "Tests", "Benchmarks", "Crash", "Fuzz"].flatMap(Checkout.swiftFiles)
        #expect(files.count > 500, "the sources were not found")
        for file in files {
            for (number, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let isComment = line.drop { $0 == " " }.hasPrefix("//")
                #expect(!isComment || line.count <= 120, "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func onlyTheLibraryForOthersIsPublic() {
        for file in Self.sources where file.module != "MayflyClient" {
            for (number, line) in file.code.enumerated() {
                let first = line.split(separator: " ").first ?? ""
                #expect(first != "public" && first != "open", "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func nothingNamesAPlaceOnOneMachine() {
        let parent =
            Checkout.root.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/"
        let folders = ["Sources", "Tests", "config", "scripts", "docs", "Benchmarks", "keys"]
        for path in folders.flatMap(Checkout.files) + ["Package.swift", "Makefile", "README.md"] {
            let text = Checkout.text(path)
            let namesParent = parent.utf8.count > 1 && text.contains(parent)
            #expect(!namesParent, "\(path) names \(parent)")
            for home in ["home", "root", "Users"] where text.contains("/\(home)/") {
                // In the middle of a longer path it is an ordinary word.
                let isFirst = text.split(separator: "/\(home)/", omittingEmptySubsequences: false).dropLast()
                    .contains { $0.last.map { !$0.isLetter && !$0.isNumber && !"/-_.}".contains($0) } ?? true }
                #expect(!isFirst, "\(path) names a folder below /\(home)")
            }
        }
    }

    @Test(
        arguments: [
            ("let a = b!", true), ("f()!.g", true), ("a[0]!", true), ("x as Int!", true), ("a != b", false),
            ("if !a { }", false), ("a!=b", false), (#"let a = "b!""#, false), ("// b!", false),
            (#""\(a!)""#, true), (##"#"\(a!)"#"##, false), (#""a" + b!"#, true), ("\"\"\"\nb!\n\"\"\"", false),
        ])
    func theRuleForForcingTellsCodeFromText(_ text: String, _ isForced: Bool) {
        #expect(CodeOnly.lines(of: text).contains(where: Self.forces) == isForced)
    }

    /// An exclamation mark right after a value or a type, and not part of `!=`.
    private static func forces(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        return bytes.indices.dropFirst().contains { index in
            guard bytes[index] == UInt8(ascii: "!") else { return false }
            let before = UnicodeScalar(bytes[index - 1])
            let after = index + 1 < bytes.count ? bytes[index + 1] : 0
            guard after != UInt8(ascii: "=") else { return false }
            return before.properties.isAlphabetic || ("0"..."9").contains(before)
                || ")]}?_\"".unicodeScalars.contains(before)
        }
    }
}
