/// The values of the variables for one evaluation, in the order of the environment, nil for one without a value.
package struct CELActivation: Sendable {
    package var values: [CELValue?]

    package init(_ values: [CELValue?]) {
        self.values = values
    }

    /// The value of a variable; nil also when there is no such variable.
    func value(at index: Int) -> CELValue? {
        values.indices.contains(index) ? values[index] : nil
    }
}
