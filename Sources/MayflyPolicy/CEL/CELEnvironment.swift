/// The variables that an expression may name, each with its type.
///
/// The order is the one in which a `CELActivation` holds their values.
package struct CELEnvironment: Sendable {
    package struct Variable: Equatable, Sendable {
        package let name: String
        package let type: CELType

        package init(_ name: String, _ type: CELType) {
            (self.name, self.type) = (name, type)
        }
    }

    package let variables: [Variable]

    /// Of two variables with one name, the first is meant.
    package init(_ variables: [Variable]) {
        self.variables = variables
    }

    /// The place of a variable, or nil.
    package func index(of name: String) -> Int? {
        variables.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
