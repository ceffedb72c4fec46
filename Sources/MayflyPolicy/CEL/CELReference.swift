/// A variable that an expression reads, with the fields selected from it as far as they are plain names.
package struct CELReference: Equatable, Sendable, CustomStringConvertible {
    package let variable: String
    package let fields: [String]

    package init(variable: String, fields: [String] = []) {
        (self.variable, self.fields) = (variable, fields)
    }

    /// For example `request.amount`.
    package var description: String { ([variable] + fields).joined(separator: ".") }
}
