/// What a record holds, behind one reference.
///
/// A broker has many records and looks them up for whatever it is asked: a copy costs a count, and a table holds eight
/// bytes for each. What copies share never changes; a changed record gets contents of its own.
struct SharedContents<Contents: Equatable & Sendable>: Equatable, Sendable {
    private final class Body: Sendable {
        let contents: Contents

        init(_ contents: Contents) { self.contents = contents }
    }

    private var body: Body

    init(_ contents: Contents) { body = Body(contents) }

    var contents: Contents { body.contents }

    mutating func change(_ edit: (inout Contents) -> Void) {
        var contents = body.contents
        edit(&contents)
        body = Body(contents)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.body === right.body || left.body.contents == right.body.contents
    }
}
