internal import Dispatch
internal import Glibc
internal import MayflyClient
internal import MayflyLedger
internal import MayflyModel
internal import Synchronization

/// Load, death, restart and checks, again and again on one directory.
final class Rounds {
    private static let laneCount = 4
    /// Tokens of earlier rounds that each lane asks about in each round.
    private static let oldTokens = 15

    private let site: Site
    private let control: FaultControl
    private let report: Report
    private let lanes: [Lane]
    private var mirror = LedgerMirror()
    private var lastCheckpoint: Checkpoint?

    init(site: Site, control: FaultControl, report: Report) throws {
        (self.site, self.control, self.report) = (site, control, report)
        guard try site.start() else { throw CrashError("the broker does not start; see \(site.errorFile)") }
        try site.register()
        lanes = try (0..<Self.laneCount).map { try Lane(name: "lane\($0)", site: site, report: report) }
        site.end(SIGTERM)
    }

    /// Runs round `number`; the same seed makes the same choices.
    func run(_ number: Int, seed: UInt64) throws {
        var seed = Seed(seed)
        let plan = RoundPlan(using: &seed)
        report.begin("round \(number) (\(plan.ending)\(plan.losesPower ? ", power lost" : ""))")
        report.count(plan.ending.name)
        try live(number, plan, &seed)
        if plan.losesPower {
            let lost = try PowerCut.apply(control, database: site.database, all: plan.losesAll, using: &seed)
            report.count("rounds in which the power went")
            report.count("unsynced writes taken back", lost)
        }
        if plan.usesDoctor, let trouble = try site.doctor() { report.broken("doctor after the kill: \(trouble)") }
        guard try site.start() else {
            throw CrashError("the broker does not start by itself after \(plan.ending); see \(site.errorFile)")
        }
        try checkLedger()
        let (lanes, mirror) = (lanes, mirror)
        DispatchQueue.concurrentPerform(iterations: lanes.count) { index in
            lanes[index].check(mirror, oldTokens: Self.oldTokens)
        }
        if plan.endsEverything {
            try site.session().change(
                "POST", "/api/v1/revocations", body: ["everything": .bool(true), "reason": .string("kill switch")])
            for lane in lanes { lane.endEverything() }
            report.count("kill switches answered")
        }
        let status = site.end(plan.stopsCleanly ? SIGTERM : SIGKILL)
        report.expect(!plan.stopsCleanly || status == 0, "a clean stop ended with \(status)")
        if plan.stopsCleanly, plan.usesDoctor, let trouble = try site.doctor() {
            report.broken("doctor after a clean stop: \(trouble)")
        }
    }

    /// One round on a disk that acknowledges every sync and keeps nothing of it when the power goes.
    func runOnLyingDisk() throws {
        var seed = Seed(0)
        let plan = RoundPlan(ending: .kill(after: 400))
        try live(0, plan, &seed, lies: true)
        _ = try PowerCut.apply(control, database: site.database, all: true, using: &seed)
        // A start that refuses such a store would have seen it too.
        guard try site.start() else { return report.broken("the broker refuses to start") }
        try checkLedger()
        for lane in lanes { lane.check(mirror, oldTokens: 0) }
        site.end(SIGKILL)
    }

    /// Starts the broker, loads it, and sees it die.
    private func live(_ number: Int, _ plan: RoundPlan, _ seed: inout Seed, lies: Bool = false) throws {
        control.clear()
        control[.power] = plan.losesPower ? 1 : 0
        control[.syncLies] = lies ? 1 : 0
        var environment = plan.losesPower ? control.environment : [:]
        var span = 400
        switch plan.ending {
        case .killStart(let time):
            try site.spawn(environment: environment)
            usleep(UInt32(time) * 1000)
            site.end(SIGKILL)
            return
        case .kill(let time): span = time
        case .tornCommit(let write):
            environment = control.environment
            (control[.killTarget], control[.killAfter]) = (FaultControl.log, Int64(write))
        case .tornCheckpoint:
            environment = control.environment
            span = 150
        }
        // A log that is torn while the broker starts is part of the plan.
        guard try site.start(environment: environment) else {
            guard site.wait() == -SIGKILL else { throw CrashError("the broker does not start; see \(site.errorFile)") }
            report.count("brokers that died in a write while starting")
            return
        }
        let isOver = Atomic(false)
        let group = DispatchGroup()
        for (index, lane) in lanes.enumerated() {
            try lane.begin(round: number, seed: seed.next())
            DispatchQueue.global().async(group: group) {
                lane.load(mayRotate: index == 0 && !lies) { isOver.load(ordering: .relaxed) }
            }
        }
        let seen = watch(milliseconds: span)
        if case .tornCheckpoint(let write) = plan.ending {
            // A clean stop folds the log into the file; this one dies in it.
            (control[.killTarget], control[.killAfter]) = (FaultControl.database, Int64(write))
            site.signal(SIGTERM)
            if site.wait() == -SIGKILL { report.count("brokers that died in a checkpoint") }
        } else {
            if case .tornCommit = plan.ending, site.process?.hasEnded == true {
                report.count("brokers that died in a commit")
            }
            site.end(SIGKILL)
        }
        isOver.store(true, ordering: .relaxed)
        group.wait()
        if let seen { lastCheckpoint = seen }
    }

    /// Fetches checkpoints while the load runs; answers the last one that came whole.
    private func watch(milliseconds: Int) -> Checkpoint? {
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(milliseconds) * 1_000_000
        var newest: Checkpoint?
        let session = try? site.session()
        while DispatchTime.now().uptimeNanoseconds < end, site.process?.hasEnded == false {
            guard let session, let seen = try? CheckpointReader(session: session).newest() else { break }
            newest = seen
            report.count("checkpoints kept under load")
            usleep(20_000)
        }
        while DispatchTime.now().uptimeNanoseconds < end, site.process?.hasEnded == false { usleep(1000) }
        return newest
    }

    /// The ledger extends what was seen before the broker died, entry by entry and by its own proof.
    private func checkLedger() throws {
        let session = try site.session()
        let reader = CheckpointReader(session: session)
        let newest = try reader.newest()
        if let last = lastCheckpoint {
            report.expect(newest.size >= last.size, "the ledger has \(newest.size) entries, and had \(last.size)")
            if newest.size >= last.size {
                report.expect(try reader.proves(newest, follows: last), "the ledger does not extend its checkpoint")
                report.count("consistency proofs verified")
            }
        }
        if let trouble = try mirror.follow(newest, session) { report.broken(trouble) }
        lastCheckpoint = newest
    }

    /// After the last round: everything is looked at once more.
    func finish() throws {
        report.begin("end")
        guard try site.start() else { throw CrashError("the broker does not start at the end; see \(site.errorFile)") }
        try checkLedger()
        for lane in lanes {
            try lane.begin(round: lane.round, seed: 1)
            lane.checkAll(mirror)
        }
        report.count("ledger entries, each hashed again", Int(mirror.size))
        site.end(SIGTERM)
        if let trouble = try site.doctor() { report.broken("doctor at the end: \(trouble)") }
        report.count("doctor says fine at the end", report.brokenCount == 0 ? 1 : 0)
        let keys = try Files.names(site.directory + "/keys")
        report.expect(
            keys.filter { $0.hasPrefix("sign-") && $0.hasSuffix(".pem") }.count >= 4, "signing keys are missing")
    }
}
