/// A command on its way through the writer, held once: it may be large, and each closure that knows it would copy it.
final class HeldCommand<C: Command>: Sendable {
    let command: C

    init(_ command: consuming C) { self.command = command }
}
