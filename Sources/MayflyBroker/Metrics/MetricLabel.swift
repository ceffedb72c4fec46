/// The closed set of values that one label of a metric takes; nothing that a request says is ever among them.
package protocol MetricLabel: RawRepresentable<Int>, CaseIterable, Sendable {
    /// The value as it is written, in lower case.
    var text: String { get }
}

extension MetricLabel {
    /// The name of the case, which must be one word; other spellings say their own.
    package var text: String { "\(self)" }
}
