package import MayflyModel

/// A place in a file, line and column from 1; columns count characters.
package struct YAMLMark: Equatable, Sendable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Why a file was refused, and where; prints as `registry.yaml:12:7: agents[0].owner: is required`.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name that the caller gave the file.
    package let file: String
    /// Absent when the file as a whole is at fault.
    package let mark: YAMLMark?
    package let problem: YAMLProblem

    package init(file: String, mark: YAMLMark?, problem: YAMLProblem) {
        self.file = file
        self.mark = mark
        self.problem = problem
    }

    package var description: String {
        let place = mark.map { "\(file):\($0.line):\($0.column)" } ?? file
        return "\(place): \(problem)"
    }
}

/// What is wrong with a file; no scalar of it is repeated.
package enum YAMLProblem: Equatable, Sendable {
    /// Holds libyaml's fixed text.
    case syntax(String)
    case unreadable(FileProblem)
    case tooLarge
    case tooDeep
    case tooManyNodes
    case tooManyMembers
    case severalDocuments
    case directive
    case alias
    case tag
    case mergeKey
    case keyNotText
    case duplicateKey
    case ambiguousNumber
    case outOfMemory
    /// The file is sound YAML with a value that its place does not accept.
    case field(FieldError)
}

extension YAMLProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .syntax(let text): "not valid YAML: \(text)"
        case .unreadable(let problem): problem.description
        case .tooLarge: "is larger than \(YAMLDocument.maximumBytes) bytes"
        case .tooDeep: "nested deeper than \(YAMLDocument.maximumDepth) levels"
        case .tooManyNodes: "holds more than \(YAMLDocument.maximumNodes) values"
        case .tooManyMembers: "a mapping has more than \(YAMLDocument.maximumMembers) keys"
        case .severalDocuments: "a second document begins here; one file holds one document"
        case .directive: "directives (%) are not accepted"
        case .alias: "anchors and aliases (& and *) are not accepted; write the value out"
        case .tag: "tags (!) are not accepted; put text in quotes and leave other values plain"
        case .mergeKey: "the merge key << is not accepted; write the members out"
        case .keyNotText: "a key must be text; put it in quotes"
        case .duplicateKey: "this key is given twice"
        case .ambiguousNumber:
            "numbers are decimal, without a leading zero, plus sign or bare point; put anything else in quotes"
        case .outOfMemory: "not enough memory to read the file"
        case .field(let error): error.description
        }
    }
}
