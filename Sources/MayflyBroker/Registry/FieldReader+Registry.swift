import MayflyModel

extension FieldReader {
    /// `value`, or an error that names the member as missing.
    ///
    /// Mutating so that the reader is not copied before `value` is taken from it: every array in it would be.
    mutating func required<Value>(_ name: String, _ value: Value?) throws(FieldError) -> Value {
        guard let value else { throw failure(name, .missing) }
        return value
    }

    /// An array of scopes; absent means none.
    mutating func scopes(_ name: String) throws(FieldError) -> ScopeSet {
        var scopes: [Scope] = []
        for text in try strings(name, maximumCount: ScopeSet.maximumCount, maximumLength: 128) ?? [] {
            guard let scope = Scope(text) else {
                throw failure(name, .invalid(rule: "a scope is 1 to 128 visible ASCII characters without \" and \\"))
            }
            scopes.append(scope)
        }
        return ScopeSet(scopes)
    }
}
