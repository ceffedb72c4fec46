internal import MayflyModel

/// Turns events into one value and the places of its parts, within the limits of `YAMLDocument`.
struct YAMLBuilder: ~Copyable {
    private var events: YAMLEvents
    private let file: String
    private var nodes = 0

    init(events: consuming YAMLEvents, file: String) {
        self.events = events
        self.file = file
    }

    /// The only document, read to the end of the stream; null when there is none.
    mutating func document() throws(YAMLError) -> (JSONValue, YAMLNode) {
        var found: (JSONValue, YAMLNode)?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd:
                return found ?? (.null, YAMLNode(mark: YAMLMark(line: 1, column: 1), content: .scalar))
            case .documentStart:
                guard found == nil else { throw problem(.severalDocuments, event) }
                found = try value(try events.next(), depth: 1)
            default:
                continue
            }
        }
    }

    private mutating func value(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> (JSONValue, YAMLNode) {
        try admit(event)
        switch event.kind {
        case .scalar(let text, plain: false):
            return (.string(text), YAMLNode(mark: event.mark, content: .scalar))
        case .scalar(let text, plain: true):
            guard let value = YAMLScalar.value(ofPlain: text) else { throw problem(.ambiguousNumber, event) }
            return (value, YAMLNode(mark: event.mark, content: .scalar))
        case .sequenceStart:
            return try sequence(event, depth: depth)
        case .mappingStart:
            return try mapping(event, depth: depth)
        case .documentStart, .streamEnd, .alias, .sequenceEnd, .mappingEnd, .other:
            // libyaml's grammar yields a value here; anything else is not one.
            throw problem(.syntax("a value is missing"), event)
        }
    }

    private mutating func sequence(_ start: YAMLEvent, depth: Int) throws(YAMLError) -> (JSONValue, YAMLNode) {
        guard depth <= YAMLDocument.maximumDepth else { throw problem(.tooDeep, start) }
        var elements: [JSONValue] = []
        var places: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { break }
            let (element, place) = try value(event, depth: depth + 1)
            elements.append(element)
            places.append(place)
        }
        return (.array(elements), YAMLNode(mark: start.mark, content: .sequence(places)))
    }

    private mutating func mapping(_ start: YAMLEvent, depth: Int) throws(YAMLError) -> (JSONValue, YAMLNode) {
        guard depth <= YAMLDocument.maximumDepth else { throw problem(.tooDeep, start) }
        var object = JSONObject()
        // Keyed by bytes, as JSON names are: two names that Unicode calls equivalent are two names.
        var names: Set<[UInt8]> = []
        var places: [(name: String, keyMark: YAMLMark, node: YAMLNode)] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let name = try key(event)
            guard names.insert(Array(name.utf8)).inserted else { throw problem(.duplicateKey, event) }
            guard object.count < YAMLDocument.maximumMembers else { throw problem(.tooManyMembers, event) }
            let (member, place) = try value(try events.next(), depth: depth + 1)
            object.appendUnchecked(name: name, value: member)
            places.append((name, event.mark, place))
        }
        return (.object(object), YAMLNode(mark: start.mark, content: .mapping(places)))
    }

    /// The text of a key; `true`, `1` and the like are refused, because JSON has only text there.
    private mutating func key(_ event: YAMLEvent) throws(YAMLError) -> String {
        try admit(event)
        guard case .scalar(let text, let plain) = event.kind else { throw problem(.keyNotText, event) }
        guard plain else { return text }
        guard text != "<<" else { throw problem(.mergeKey, event) }
        guard case .string = YAMLScalar.value(ofPlain: text) else { throw problem(.keyNotText, event) }
        return text
    }

    /// Counts the node, and refuses what no node may carry.
    private mutating func admit(_ event: YAMLEvent) throws(YAMLError) {
        if case .alias = event.kind { throw problem(.alias, event) }
        guard !event.isAnchored else { throw problem(.alias, event) }
        guard !event.isTagged else { throw problem(.tag, event) }
        guard nodes < YAMLDocument.maximumNodes else { throw problem(.tooManyNodes, event) }
        nodes += 1
    }

    private func problem(_ problem: YAMLProblem, _ event: YAMLEvent) -> YAMLError {
        YAMLError(file: file, mark: event.mark, problem: problem)
    }
}
