/// Where a value stands in a record, body or file; prints as `agents[0].owner`.
package struct FieldPath: Equatable, Sendable, CustomStringConvertible {
    /// One step down from a container.
    package enum Step: Equatable, Sendable {
        case member(String)
        case element(Int)
    }

    /// The whole document.
    package static let root = FieldPath(steps: [])

    /// From the root downwards; member names are as the input spells them.
    package let steps: [Step]

    private init(steps: [Step]) {
        self.steps = steps
    }

    package func member(_ name: String) -> FieldPath {
        FieldPath(steps: steps + [.member(name)])
    }

    package func element(_ index: Int) -> FieldPath {
        FieldPath(steps: steps + [.element(index)])
    }

    /// The longest member name that is printed.
    private static let maximumPrintedLength = 40

    /// Safe for a log line: a name that could carry a secret or confuse a terminal prints as `?`.
    package var description: String {
        guard !steps.isEmpty else { return "(document)" }
        var text = ""
        for step in steps {
            switch step {
            case .member(let name):
                if !text.isEmpty { text += "." }
                text += Self.isPrintable(name) ? name : "?"
            case .element(let index):
                text += "[\(index)]"
            }
        }
        return text
    }

    private static func isPrintable(_ name: String) -> Bool {
        guard !name.utf8.isEmpty, name.utf8.count <= maximumPrintedLength else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}
