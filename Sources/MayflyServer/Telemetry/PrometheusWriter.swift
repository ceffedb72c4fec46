package import MayflyBroker
import MayflyModel

/// Writes metrics in the text format of Prometheus, version 0.0.4.
///
/// A family is announced by `family`, and its samples follow before the next one is.
package struct PrometheusWriter {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package enum Kind: String {
        case counter, gauge, histogram
    }

    package private(set) var bytes: [UInt8] = []

    package init(reserving capacity: Int = 16_384) {
        bytes.reserveCapacity(capacity)
    }

    /// Begins a family; its name is one of ours.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        write("# HELP ")
        write(name)
        write(" ")
        escape(help, quotes: false)
        write("\n# TYPE ")
        write(name)
        write(" ")
        write(kind.rawValue)
        write("\n")
    }

    package mutating func sample(_ name: String, _ value: UInt64, _ labels: [(String, String)] = []) {
        begin(name, labels)
        write(String(value))
        write("\n")
    }

    package mutating func sample(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        begin(name, labels)
        write(Self.text(value))
        write("\n")
    }

    /// A histogram's buckets, sum and count; `scale` of its units make one of the metric's.
    package mutating func histogram(
        _ name: String, _ reading: Histogram.Reading, bounds: [UInt64], scale: Double,
        _ labels: [(String, String)] = []
    ) {
        for (index, count) in reading.cumulative.enumerated() {
            let bound = index < bounds.count ? Self.text(Double(bounds[index]) / scale) : "+Inf"
            sample(name + "_bucket", count, labels + [("le", bound)])
        }
        sample(name + "_sum", Double(reading.sum) / scale, labels)
        sample(name + "_count", reading.count, labels)
    }

    /// One sample for each value of a label, zeros included, so that a rate has a beginning.
    package mutating func counters<Label: MetricLabel>(
        _ name: String, _ label: String, _ counts: borrowing CounterSet<Label>
    ) {
        for value in Label.allCases { sample(name, counts[value], [(label, value.text)]) }
    }

    private mutating func begin(_ name: String, _ labels: [(String, String)]) {
        write(name)
        for (index, label) in labels.enumerated() {
            write(index == 0 ? "{" : ",")
            write(label.0)
            write("=\"")
            escape(label.1, quotes: true)
            write("\"")
        }
        write(labels.isEmpty ? " " : "} ")
    }

    /// A whole number without a fraction, as buckets are usually written.
    private static func text(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        if value.magnitude < 9_000_000_000_000_000, value == value.rounded(), let whole = Int64(exactly: value) {
            return String(whole)
        }
        return value.description
    }

    private mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): write("\\\\")
            case UInt8(ascii: "\n"): write("\\n")
            case UInt8(ascii: "\"") where quotes: write("\\\"")
            default: bytes.append(byte)
            }
        }
    }
}
