@testable import mayfly
import Testing

/// What may come a thousand times a second leaves a few lines, and says how many are missing.
@Suite struct LineAllowanceTests {
    @Test func aSecondHasSoManyLinesAndTheNextOneSaysWhatWasLeftOut() {
        var allowance = LineAllowance(lines: 2)
        #expect((0..<5).map { _ in allowance.permit(at: 7) } == [0, 0, nil, nil, nil])
        #expect((0..<3).map { _ in allowance.permit(at: 8) } == [3, 0, nil])
        #expect(allowance.permit(at: 20) == 1)
        // A clock that was set back begins another second.
        #expect((0..<3).map { _ in allowance.permit(at: 7) } == [0, 0, nil])
    }
}
