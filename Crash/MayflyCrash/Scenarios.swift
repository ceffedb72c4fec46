internal import Dispatch
internal import Glibc
internal import MayflyClient
internal import Synchronization

/// Disks that fail in one way each.
struct Scenarios {
    let program: String
    let library: String
    let folder: String
    let report: Report

    func runAll() throws {
        try fullDisk()
        try fullSmallDisk()
        try failingWrites()
        try shortWrites()
        try failingSync()
        try droppedPages()
        try failingSyncOfACheckpoint()
        try slowSync()
        try deletedDatabase()
        try readOnlyFolder()
        say("crash: \(report["disk faults survived"]) disk faults survived, \(report.brokenCount) broken")
    }

    private func scenario(_ name: String, in folder: String? = nil, wrapper: [String] = []) throws -> Scenario {
        try Scenario(
            name, program: program, library: library, folder: folder ?? self.folder, wrapper: wrapper, report: report)
    }

    private func fullDisk() throws {
        let scenario = try scenario("full-disk")
        let form = try scenario.newForm()
        (scenario.control[.target], scenario.control[.writeError]) = (FaultControl.both, Int64(ENOSPC))
        scenario.refuse(form)
        try scenario.expectHalfAlive()
        scenario.control.clear()
        scenario.expectRecovery()
        // Nothing of the refused request was kept, its assertion neither.
        try scenario.lane.send(form)
        try scenario.work()
        try scenario.expectNothingLost(after: SIGKILL)
    }

    /// A real file system without room, where this process may mount one.
    private func fullSmallDisk() throws {
        let place = folder + "/small"
        guard mkdir(place, 0o700) == 0, mount("tmpfs", place, "tmpfs", 0, "size=3m") == 0 else {
            return say("crash: no right to mount a small disk; the full disk was simulated only")
        }
        defer { umount2(place, Int32(MNT_DETACH)) }
        let scenario = try scenario("small-disk", in: place)
        let filler = open(place + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let piece = [UInt8](repeating: 0, count: 4096)
        while write(filler, piece, piece.count) > 0 {}
        close(filler)
        // The log may have room of its own left: until it is used up, answers are answers.
        var refused = false
        for _ in 0..<2000 where !refused {
            let form = try scenario.newForm()
            guard let answer = scenario.lane.post(form.path, form.body) else { throw CrashError("no answer") }
            if answer.status == 200 { try scenario.lane.take(form, answer) } else { refused = true }
            if refused { scenario.refuse(form) }
        }
        report.expect(refused, "the small disk never became full")
        try scenario.expectHalfAlive()
        unlink(place + "/filler")
        scenario.expectRecovery()
        try scenario.work()
        try scenario.expectNothingLost(after: SIGKILL)
    }

    private func failingWrites() throws {
        let scenario = try scenario("failing-writes")
        let form = try scenario.newForm()
        (scenario.control[.target], scenario.control[.writeError]) = (FaultControl.both, Int64(EIO))
        scenario.refuse(form)
        try scenario.expectHalfAlive()
        scenario.control.clear()
        try scenario.expectRefusalUntilRestart(form)
        try scenario.expectNothingLost(after: SIGKILL, cut: form)
    }

    /// A write that takes half of its bytes is no failure: the rest is written by the next one.
    private func shortWrites() throws {
        let scenario = try scenario("short-writes")
        (scenario.control[.target], scenario.control[.shortWrites]) = (FaultControl.both, 200)
        try scenario.work(60)
        report.expect(scenario.control[.injected] > 50, "hardly a write was cut short")
        try scenario.expectNothingLost(after: SIGKILL)
    }

    private func failingSync() throws {
        let scenario = try scenario("failing-sync")
        let form = try scenario.newForm()
        (scenario.control[.target], scenario.control[.syncError]) = (FaultControl.log, Int64(EIO))
        scenario.control[.syncFailures] = 1
        scenario.refuse(form)
        report.expect(scenario.control[.injected] == 1, "no sync failed")
        try scenario.expectHalfAlive()
        // The disk is well again, and it is no use: the kernel may have dropped what it could not write.
        try scenario.expectRefusalUntilRestart(form)
        try scenario.expectNothingLost(after: SIGTERM, cut: form)
    }

    /// After a failed sync the kernel may hold pages that it never writes: a restart reads them, and a later power cut
    /// takes them out of the middle of the log.
    private func droppedPages() throws {
        let scenario = try scenario("dropped-pages")
        scenario.control[.power] = 1
        try scenario.work()
        let form = try scenario.newForm()
        (scenario.control[.target], scenario.control[.syncError]) = (FaultControl.log, Int64(EIO))
        scenario.control[.syncFailures] = 1
        scenario.refuse(form)
        scenario.site.end(SIGKILL)
        let dropped = try DroppedPages(scenario.control, database: scenario.site.database)
        report.expect(dropped.count > 0, "the failed sync left nothing behind")
        scenario.control.clear()
        scenario.control[.power] = 1
        guard try scenario.site.start(environment: scenario.control.environment) else {
            throw CrashError("no start after a failed sync")
        }
        try scenario.hold(cut: form)
        try scenario.work()
        scenario.site.end(SIGKILL)
        var seed = Seed(1)
        _ = try PowerCut.apply(scenario.control, database: scenario.site.database, all: true, using: &seed)
        try dropped.drop()
        scenario.control.clear()
        try scenario.expectNothingLostAfterTheEnd()
    }

    /// The database file cannot be synced while the log is folded into it, and then the power goes.
    private func failingSyncOfACheckpoint() throws {
        let scenario = try scenario("failing-checkpoint")
        scenario.control[.power] = 1
        try scenario.work()
        (scenario.control[.target], scenario.control[.syncError]) = (FaultControl.database, Int64(EIO))
        scenario.control[.syncFailures] = -1
        scenario.site.end(SIGTERM)
        report.expect(scenario.control[.injected] > 0, "no sync of the database failed")
        scenario.control.clear()
        var seed = Seed(1)
        _ = try PowerCut.apply(scenario.control, database: scenario.site.database, all: true, using: &seed)
        try scenario.expectNothingLostAfterTheEnd()
    }

    /// Nothing is answered before the disk has it, and what needs no disk does not wait.
    private func slowSync() throws {
        let scenario = try scenario("slow-sync")
        let form = try scenario.newForm()
        (scenario.control[.target], scenario.control[.syncDelay]) = (FaultControl.log, 2000)
        let began = DispatchTime.now().uptimeNanoseconds
        let answeredAt = Atomic<UInt64>(0)
        let group = DispatchGroup()
        let lane = scenario.lane
        let (client, report) = (try scenario.site.client(), report)
        DispatchQueue.global().async(group: group) {
            let answer = try? client.send(
                "POST", form.path, headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded")],
                body: form.body)
            answeredAt.store(DispatchTime.now().uptimeNanoseconds, ordering: .sequentiallyConsistent)
            report.expect(answer?.status == 200, "a slow disk made a request fail")
            if let answer, answer.status == 200 { try? lane.take(form, answer) }
        }
        while scenario.control[.syncsWaiting] == 0, answeredAt.load(ordering: .sequentiallyConsistent) == 0 {
            usleep(1000)
        }
        if let index = lane.tokens.indices.last(where: { !lane.tokens[$0].isDead }) { try lane.introspect(index) }
        report.expect(scenario.site.status("/readyz") == 200, "/readyz is not 200 on a disk that is only slow")
        report.expect(
            answeredAt.load(ordering: .sequentiallyConsistent) == 0 && scenario.control[.syncsWaiting] > 0,
            "introspection waited for the disk")
        group.wait()
        let waited = (answeredAt.load(ordering: .sequentiallyConsistent) - began) / 1_000_000
        report.expect(waited >= 2000, "an answer came \(waited) ms after it was asked for, before its sync")
        scenario.control.clear()
        try scenario.expectNothingLost(after: SIGKILL)
    }

    private func deletedDatabase() throws {
        let scenario = try scenario("deleted-database")
        let (database, kept) = (scenario.site.database, folder + "/kept.db")
        // A second name, as a rescue would find it in /proc.
        guard link(database, kept) == 0, unlink(database) == 0 else { throw CrashError("cannot delete the database") }
        let form = try scenario.newForm()
        scenario.refuse(form)
        try scenario.expectHalfAlive()
        scenario.site.end(SIGKILL)
        report.expect(try !scenario.site.start(), "a broker started without its database")
        report.expect(scenario.site.wait() == 3, "the refusal to start has another status")
        report.expect(
            try Files.text(scenario.site.errorFile).contains(database), "the refusal does not name the database")
        guard rename(kept, database) == 0 else { throw CrashError("cannot put the database back") }
        scenario.control.clear()
        try scenario.expectNothingLostAfterTheEnd(cut: form)
    }

    /// As root, the right to write everywhere is given up first.
    private func readOnlyFolder() throws {
        let wrapper = geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []
        let scenario = try scenario("read-only-folder", wrapper: wrapper)
        let data = scenario.site.directory + "/data"
        chmod(data, 0o500)
        defer { chmod(data, 0o700) }
        // The files are open, and stay writable.
        try scenario.work()
        scenario.site.end(SIGTERM)
        chmod(data, 0o500)
        let starts = try scenario.site.start(wrapper: wrapper)
        if starts {
            report.count("starts in a read-only folder")
            try scenario.work()
            scenario.site.end(SIGKILL)
        } else {
            report.expect(scenario.site.wait() == 3, "the refusal to start has another status")
            report.expect(
                try Files.text(scenario.site.errorFile).contains(scenario.site.database),
                "the refusal does not name the database")
            report.count("refusals to start in a read-only folder")
        }
        chmod(data, 0o700)
        scenario.control.clear()
        try scenario.expectNothingLostAfterTheEnd()
    }
}
