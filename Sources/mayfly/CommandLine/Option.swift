/// One option of a command, as data: the parser and the help text are both made from it.
struct Option: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// Present or not.
        case flag
        /// Takes one value; the text stands for it in the help.
        case value(String)
        /// Takes a value each time it is given.
        case list(String)
    }

    /// Without the dashes.
    let name: String
    /// A one-letter form, where there is one.
    let short: Character?
    let kind: Kind
    let help: String

    static func flag(_ name: String, _ help: String) -> Option {
        Option(name: name, short: nil, kind: .flag, help: help)
    }

    static func value(_ name: String, _ placeholder: String, _ help: String, short: Character? = nil) -> Option {
        Option(name: name, short: short, kind: .value(placeholder), help: help)
    }

    static func list(_ name: String, _ placeholder: String, _ help: String) -> Option {
        Option(name: name, short: nil, kind: .list(placeholder), help: help)
    }

    /// As the help shows it, for example `-f, --file FILE`.
    var synopsis: String {
        let names = (short.map { "-\($0), " } ?? "") + "--" + name
        switch kind {
        case .flag: return names
        case .value(let placeholder), .list(let placeholder): return "\(names) \(placeholder)"
        }
    }
}

/// One argument that is known by its place.
struct Positional: Equatable, Sendable {
    /// In capitals, as the help shows it.
    let name: String
    let help: String
    var isOptional = false

    init(_ name: String, _ help: String, isOptional: Bool = false) {
        (self.name, self.help, self.isOptional) = (name, help, isOptional)
    }
}
