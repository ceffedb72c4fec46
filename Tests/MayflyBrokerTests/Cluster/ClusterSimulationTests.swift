import Dispatch
import Glibc
import Synchronization
import Testing

/// Whatever the store, the network, the clocks and the processes do: no node answers from memory without a revocation
/// that was answered anywhere; and when they have done it, everything goes on by itself.
@Suite(.serialized) struct ClusterSimulationTests {
    /// How many schedules are run: `MAYFLY_SCHEDULES`, or what a test run has time for.
    private static let wanted = getenv("MAYFLY_SCHEDULES").flatMap { Int(String(cString: $0)) } ?? 1000

    /// Runs schedules on all cores, until one has a breach.
    private static func run(_ count: Int, without broken: BrokenRule? = nil) -> SimulationReport {
        let total = Mutex(SimulationReport())
        let block = 20
        DispatchQueue.concurrentPerform(iterations: (count + block - 1) / block) { index in
            var report = SimulationReport()
            for seed in index * block..<min(count, (index + 1) * block) {
                if report.breach != nil || total.withLock({ $0.breach != nil }) { break }
                report.add(ClusterSimulation.run(seed: UInt64(seed), without: broken))
            }
            total.withLock { $0.add(report) }
        }
        return total.withLock { $0 }
    }

    @Test func aRevocationIsFinalEverywhereWhenItIsAnswered() {
        let report = Self.run(Self.wanted)
        print(report)
        #expect(report.breach == nil)
        #expect(report.stall == nil)
        // Else the schedules were too tame to show anything.
        #expect(report.acknowledged > 0 && report.lapsed > 0 && report.expired > 0 && report.settled > 0)
        #expect(report.lateRenewals > 0 && report.refusals > 0 && report.removals > 0 && report.staleSchedules > 0)
    }

    @Test(arguments: BrokenRule.allCases)
    func withoutAnyOneRuleItIsNot(_ broken: BrokenRule) {
        if ClusterSimulation.run(seed: broken.shownBy, without: broken).breach != nil { return }
        // The simulation or the protocol has changed: which seed shows it now?
        let report = Self.run(100_000, without: broken)
        #expect(report.breach != nil, "no schedule shows what \(broken) is for")
        print("\(broken): \(report.breach ?? "no breach") in \(report.schedules) schedules")
    }

    @Test func aSeedGivesTheSameScheduleAgain() {
        for seed in 0..<20 as Range<UInt64> {
            #expect(ClusterSimulation.run(seed: seed).description == ClusterSimulation.run(seed: seed).description)
        }
    }
}
