/// A closed set of fields with types, for example what is known of a request.
package struct CELObjectType: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package let name: String
        package let type: CELType
        /// Whether a value may be without it.
        package let isOptional: Bool

        package init(_ name: String, _ type: CELType, isOptional: Bool = false) {
            (self.name, self.type, self.isOptional) = (name, type, isOptional)
        }
    }

    /// What messages call the type, for example `request`.
    package let name: String
    /// The order is that of the slots of a `CELObject`.
    package let fields: [Field]

    package init(name: String, fields: [Field]) {
        (self.name, self.fields) = (name, fields)
    }

    /// The slot of a field, or nil.
    package func slot(of name: String) -> Int? {
        fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
