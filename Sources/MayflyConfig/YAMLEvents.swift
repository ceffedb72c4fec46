internal import CYAML

/// One step of a YAML text.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case streamEnd
        case alias
        case scalar(text: String, plain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
        /// Carries nothing that a document is made of.
        case other
    }

    let kind: Kind
    let mark: YAMLMark
    let isAnchored: Bool
    let isTagged: Bool
}

/// libyaml's event parser over a copy of one text; parser and copy are freed when this value ends.
///
/// Safe to use: no pointer leaves it, and events are copied out before libyaml frees them.
@safe
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>  // owned here alone, and never moved
    private let input: UnsafeMutableBufferPointer<UInt8>  // owned here alone; the parser reads from it
    private let file: String

    init(_ bytes: [UInt8], file: String) throws(YAMLError) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw YAMLError(file: file, mark: nil, problem: .outOfMemory)
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        unsafe self.parser = parser
        unsafe self.input = input
        self.file = file
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; once it has thrown or answered `streamEnd`, it must not be called again.
    mutating func next() throws(YAMLError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        let view = unsafe mayfly_yaml_view_of(&event)
        let mark = unsafe Self.mark(line: view.line, column: view.column)
        let kind: YAMLEvent.Kind
        switch unsafe view.kind {
        case .MAYFLY_YAML_DOCUMENT_START: kind = .documentStart
        case .MAYFLY_YAML_STREAM_END: kind = .streamEnd
        case .MAYFLY_YAML_ALIAS: kind = .alias
        case .MAYFLY_YAML_SCALAR:
            let bytes = unsafe UnsafeBufferPointer(start: view.text, count: view.length)
            guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
                throw YAMLError(file: file, mark: mark, problem: .syntax("a value is not UTF-8"))
            }
            kind = unsafe .scalar(text: text, plain: view.plain)
        case .MAYFLY_YAML_SEQUENCE_START: kind = .sequenceStart
        case .MAYFLY_YAML_SEQUENCE_END: kind = .sequenceEnd
        case .MAYFLY_YAML_MAPPING_START: kind = .mappingStart
        case .MAYFLY_YAML_MAPPING_END: kind = .mappingEnd
        case .MAYFLY_YAML_OTHER: kind = .other
        }
        return unsafe YAMLEvent(kind: kind, mark: mark, isAnchored: view.anchored, isTagged: view.tagged)
    }

    /// What libyaml says about the text; its messages are fixed and hold nothing of the input.
    private func failure() -> YAMLError {
        guard unsafe parser.pointee.error != YAML_MEMORY_ERROR else {
            return YAMLError(file: file, mark: nil, problem: .outOfMemory)
        }
        var text = unsafe Self.text(parser.pointee.problem) ?? "unknown problem"
        let hint = YAMLHint.text(for: text)
        if let context = unsafe Self.text(parser.pointee.context) {
            let begin = unsafe Self.mark(
                line: parser.pointee.context_mark.line, column: parser.pointee.context_mark.column)
            text += " \(context) that begins at \(begin.line):\(begin.column)"
        }
        if let hint { text += "; \(hint)" }
        // The reader works below lines and knows only a byte's number.
        let mark =
            unsafe parser.pointee.error == YAML_READER_ERROR
            ? mark(ofByte: parser.pointee.problem_offset)
            : Self.mark(line: parser.pointee.problem_mark.line, column: parser.pointee.problem_mark.column)
        return YAMLError(file: file, mark: mark, problem: .syntax(text))
    }

    private func mark(ofByte offset: Int) -> YAMLMark {
        var (line, column) = (0, 0)
        for byte in unsafe Array(input.prefix(max(0, offset))) {
            if byte == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 0)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return Self.mark(line: line, column: column)
    }

    private static func mark(line: Int, column: Int) -> YAMLMark {
        YAMLMark(line: line + 1, column: column + 1)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(validatingCString: pointer)
    }
}
