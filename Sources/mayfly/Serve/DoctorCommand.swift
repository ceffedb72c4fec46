import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyServer
import MayflyStorage

/// `mayfly doctor`: checks what a start checks, and more, without changing anything.
enum DoctorCommand: CommandLineCommand {
    static let name = "doctor"
    static let summary = "Check configuration, keys, clock, store and ledger of a broker that is not running"
    static let details = """
        Each signing key signs a probe that the second implementation (libjwt) must verify, and the reverse.
        The ledger is read as a whole: each entry's hash, the tree's root, and each file of archived entries.
        Of notices it looks at the secrets and programs that the configuration names; nobody is told anything.
        """
    static let options = [Option.value("dir", "D", "the directory that mayfly init made")]
    static let examples = ["mayfly doctor --dir ./broker", "mayfly doctor --dir ./broker --json"]

    static func run(_ call: Invocation) throws(CommandError) {
        let findings = examine(try call.required("dir"))
        if call.isJSON {
            Terminal.say(
                JSONText.object([
                    "ok": .bool(!findings.contains { $0.trouble != nil }),
                    "checks": .array(
                        findings.map { finding in
                            var object: JSONObject = [
                                "check": .string(finding.check), "ok": .bool(finding.trouble == nil),
                            ]
                            object["trouble"] = finding.trouble.map { .string($0) }
                            return .object(object)
                        }),
                ]))
        } else {
            for finding in findings {
                Terminal.say("\(finding.trouble == nil ? "ok    " : "FAILED") \(finding.check)")
                if let trouble = finding.trouble { Terminal.say("       \(trouble)") }
            }
        }
        if findings.contains(where: { $0.trouble != nil }) { throw .no }
    }

    /// One thing that was looked at, and what is wrong with it.
    struct Finding {
        let check: String
        var trouble: String?
    }

    private static func examine(_ directory: String) -> [Finding] {
        let config: BrokerConfig
        do {
            config = try BrokerConfig.load(directory: directory)
        } catch {
            return [Finding(check: "configuration", trouble: "\(error); correct the file")]
        }
        var findings = [Finding(check: "configuration")]
        findings.append(
            check("key directory is private") { () throws(CommandError) in
                try BrokerDirectory.checkPrivate(config.keysDirectory)
            })
        if config.tls != nil || config.mtls != nil || config.proxy != nil {
            findings.append(
                check("certificates and their authorities can be used") { () throws(CommandError) in
                    try TLSFiles.check(config)
                })
        }
        if !config.notices.isEmpty {
            findings.append(
                check("notices can be sent") { () throws(CommandError) in _ = try NoticeService.transports(config) })
        }
        let store: any Store
        do {
            store = try OpenStore.open(config.store, onlyToLook: true, report: Terminal.complain)
        } catch {
            let failure = StartFailure.describe(.store(error), config)
            findings.append(Finding(check: "store", trouble: failure.line))
            return findings
        }
        findings.append(Finding(check: "store"))
        findings += keys(config, store)
        findings += ledger(config, store)
        return findings
    }

    private static func ledger(_ config: BrokerConfig, _ store: any Store) -> [Finding] {
        let archives: LedgerArchives
        do {
            archives = try Broker.archives(in: store)
        } catch {
            return [Finding(check: "records of archives", trouble: "\(error)")]
        }
        let segments = ArchiveDirectory(path: config.archiveDirectory)
        let archived = archives.all.map { archive in
            check("archived entries \(archive.range.lowerBound) to \(archive.range.upperBound - 1)") {
                () throws(CommandError) in
                do {
                    try LedgerAudit.check(archive, in: segments, store: store)
                } catch {
                    throw .failed("\(error)", next: "proofs of entries that are not in the file still work")
                }
            }
        }
        return archived + [
            check("ledger entries and tree") { () throws(CommandError) in
                do {
                    try LedgerAudit.run(store, archives: archives)
                } catch {
                    throw .failed("\(error)", next: "keep the store for evidence, and restore a backup")
                }
            },
            check("clock is not behind the ledger") { () throws(CommandError) in
                let last: Timestamp?
                do {
                    let size = try store.head().ledgerSize
                    last = size == 0 ? nil : try store.ledgerEntries(in: (size - 1)..<size).last?.time
                } catch {
                    throw .failed("\(error)", next: "see the store check")
                }
                guard let last, last > SystemClock().now().advanced(bySeconds: 5) else { return }
                throw .failed("the last entry is from the future", next: "correct the system clock")
            },
        ]
    }

    static func check(_ name: String, _ body: () throws(CommandError) -> Void) -> Finding {
        do throws(CommandError) {
            try body()
            return Finding(check: name)
        } catch {
            return Finding(check: name, trouble: error.line)
        }
    }
}
