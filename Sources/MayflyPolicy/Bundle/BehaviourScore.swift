package import MayflyModel

/// How far something is from what is usual: 0 is quite usual, 1 as unusual as can be.
///
/// Kept in whole thousandths, so that what the ledger says of a score is the score.
package struct BehaviourScore: Hashable, Comparable, Sendable {
    package static let none = BehaviourScore(thousandths: 0)
    package static let full = BehaviourScore(thousandths: 1000)

    package let thousandths: Int64

    /// What lies outside of 0 to 1000 becomes the nearer end.
    package init(thousandths: Int64) {
        self.thousandths = min(max(thousandths, 0), 1000)
    }

    /// The nearest score; nil for what is not from 0 to 1.
    package init?(_ value: Double) {
        guard (0...1).contains(value) else { return nil }
        self.init(thousandths: Int64((value * 1000).rounded()))
    }

    /// As conditions see it.
    package var value: Double { Double(thousandths) / 1000 }

    /// A number of at most three decimals.
    package var json: JSONValue {
        switch thousandths {
        case 0: return .integer(0)
        case 1000: return .integer(1)
        default:
            var digits = String(thousandths)
            while digits.utf8.count < 3 { digits = "0" + digits }
            while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
            return .number("0." + digits)
        }
    }

    package static func < (left: BehaviourScore, right: BehaviourScore) -> Bool {
        left.thousandths < right.thousandths
    }
}
