/// Why a measurement could not be taken; nothing is printed as a number then.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Runs `body`, and says `what` could not be done when it throws.
    static func wrap<Value, Failure: Error>(
        _ what: String, _ body: () throws(Failure) -> Value
    ) throws(BenchError) -> Value {
        do {
            return try body()
        } catch {
            throw BenchError("\(what): \(error)")
        }
    }
}
