internal import Glibc
internal import MayflyClient
internal import MayflyModel

/// One broker with one lane, whose disk is about to fail.
final class Scenario {
    let name: String
    let site: Site
    let control: FaultControl
    let report: Report
    let lane: Lane
    private var mirror = LedgerMirror()

    /// Makes a broker under `folder` and starts it, with the fault library below it.
    init(
        _ name: String, program: String, library: String, folder: String, wrapper: [String] = [], report: Report
    ) throws {
        (self.name, self.report) = (name, report)
        report.begin(name)
        control = try FaultControl(path: "\(folder)/\(name).faults", library: library)
        site = try Site(program: program, parent: folder, name: name)
        guard try site.start(environment: control.environment, wrapper: wrapper) else {
            throw CrashError("\(name): the broker does not start; see \(site.errorFile)")
        }
        try site.register()
        lane = try Lane(name: name, site: site, report: report)
        try work()
    }

    /// So many requests that must be answered as if nothing were wrong.
    func work(_ requests: Int = 30) throws {
        try lane.begin(round: lane.round + 1, seed: UInt64(requests))
        var left = requests
        lane.load(mayRotate: false) {
            left -= 1
            return left < 0
        }
        report.expect(lane.cut == nil, "a request without a fault was cut")
    }

    /// A request for a token, signed and not sent yet.
    func newForm() throws -> SignedForm {
        try lane.complete()
        guard let agent = lane.agents.first else { throw CrashError("no agent") }
        let task = lane.unique("task")
        let form = try lane.form(
            "token.issued", task,
            [
                ("grant_type", "client_credentials"), ("resource", Site.resource), ("task", task),
                ("lifetime", "3600"),
            ], as: agent, to: "/oauth2/token", .token(parent: nil, ticket: nil))
        return form
    }

    /// Sends `form`, which the broker cannot make durable: 503, a time to come back, and no token.
    func refuse(_ form: SignedForm) {
        guard let answer = lane.post(form.path, form.body) else { return report.broken("no answer") }
        report.expect(answer.status == 503, "a request that could not be kept answered \(answer.status)")
        report.expect(answer.header("Retry-After") != nil, "a 503 without Retry-After")
        report.expect(Lane.code(answer) == "temporarily_unavailable", "a 503 that says \(Lane.code(answer))")
        report.count("requests refused with 503 while the disk failed")
    }

    /// What needs memory only goes on; readiness says that something is wrong, and life goes on.
    func expectHalfAlive() throws {
        guard let index = lane.tokens.indices.last(where: { !lane.tokens[$0].isDead }) else {
            throw CrashError("no living token to ask about")
        }
        try lane.introspect(index)
        report.expect(site.status("/readyz") == 503, "/readyz is not 503 while writes fail")
        report.expect(site.status("/healthz") == 200, "/healthz is not 200 while writes fail")
    }

    /// Waits until the broker is ready by itself, with nobody writing.
    func expectRecovery() {
        for _ in 0..<200 {
            if site.status("/readyz") == 200 { return report.count("recoveries without a restart") }
            usleep(50_000)
        }
        report.broken("/readyz stays 503 after the fault has gone")
    }

    /// Writes stay refused although the fault has gone, and the log says what to do.
    func expectRefusalUntilRestart(_ form: SignedForm) throws {
        usleep(1_200_000)
        report.expect(site.status("/readyz") == 503, "/readyz is well although nobody knows what the disk kept")
        refuse(form)
        usleep(1_200_000)
        report.expect(site.status("/readyz") == 503, "/readyz is well although nobody knows what the disk kept")
        report.expect(
            try Files.text(site.errorFile).contains("restart the broker"), "the log does not say to restart")
        report.count("refusals until a restart")
    }

    /// Ends the broker with `number`, starts it without faults, and holds it to everything that was answered.
    ///
    /// `cut` is a request that was never granted: the ledger decides.
    func expectNothingLost(after number: Int32, cut: SignedForm? = nil) throws {
        site.end(number)
        control.clear()
        try expectNothingLostAfterTheEnd(cut: cut)
    }

    func expectNothingLostAfterTheEnd(cut: SignedForm? = nil) throws {
        guard try site.start() else { throw CrashError("\(name): no start after the fault; see \(site.errorFile)") }
        try hold(cut: cut)
        report.expect(site.status("/readyz") == 200, "/readyz is not 200 after the restart")
        try work(10)
        report.expect(site.end(SIGTERM) == 0, "the stop after the fault was not clean")
        if let trouble = try site.doctor() { report.broken("doctor: \(trouble)") }
        report.count("disk faults survived")
    }

    /// Holds the running broker to everything that was answered so far.
    func hold(cut: SignedForm? = nil) throws {
        try lane.begin(round: lane.round + 1, seed: 1)
        lane.cut = cut.map { .form($0) }
        let session = try site.session()
        if let trouble = try mirror.follow(try CheckpointReader(session: session).newest(), session) {
            report.broken(trouble)
        }
        lane.check(mirror, oldTokens: 1000)
    }
}
