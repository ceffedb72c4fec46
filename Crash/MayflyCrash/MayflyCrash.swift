internal import Glibc

/// `mayfly-crash MAYFLY FAULTS FOLDER ROUNDS SEED`: kills a broker again and again, and breaks its disk.
///
/// Status 0 says that every promise held; 1 names those that did not; 70 that the harness itself could not go on.
@main
enum MayflyCrash {
    static func main() {
        // A broker that is gone is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        let words = CommandLine.arguments
        guard words.count == 6, let rounds = Int(words[4]), rounds >= 0, let seed = UInt64(words[5]) else {
            say("usage: mayfly-crash MAYFLY FAULTS FOLDER ROUNDS SEED")
            exit(64)
        }
        let report = Report()
        do {
            try run(program: words[1], library: words[2], folder: words[3], rounds: rounds, seed: seed, report)
        } catch {
            say("crash: \(error)")
            say(report.summary)
            exit(70)
        }
        say(report.summary)
        guard report.brokenCount == 0 else {
            say("crash: \(report.brokenCount) promises were broken; again with SEED=\(seed)")
            exit(1)
        }
        say("crash: \(rounds) rounds, seed \(seed): nothing that was answered was lost")
    }

    /// A disk that acknowledges and forgets makes any broker lose answers: checks that do not see it prove nothing.
    private static func proveThatLossIsSeen(_ program: String, _ library: String, _ folder: String) throws {
        let report = Report(isQuiet: true)
        let control = try FaultControl(path: folder + "/lying.faults", library: library)
        let site = try Site(program: program, parent: folder, name: "lying")
        let rounds = try Rounds(site: site, control: control, report: report)
        try rounds.runOnLyingDisk()
        guard report.brokenCount > 0 else { throw CrashError("answers were lost on purpose, and no check saw it") }
        say("crash: a disk that lies is found out: \(report.brokenCount) answers lost on purpose, each seen")
    }

    private static func run(
        program: String, library: String, folder: String, rounds: Int, seed: UInt64, _ report: Report
    ) throws {
        say("crash: \(rounds) rounds, seed \(seed), in \(folder)")
        try Scenarios(program: program, library: library, folder: folder, report: report).runAll()
        try proveThatLossIsSeen(program, library, folder)
        let control = try FaultControl(path: folder + "/faults", library: library)
        let site = try Site(program: program, parent: folder, name: "broker")
        let run = try Rounds(site: site, control: control, report: report)
        var choices = Seed(seed)
        for number in 0..<rounds {
            try run.run(number, seed: choices.next())
            if number % 20 == 19 {
                say("crash: \(number + 1) rounds, \(report["tokens answered"]) tokens, \(report.brokenCount) broken")
            }
        }
        try run.finish()
    }
}
