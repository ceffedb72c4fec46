/// The members of a JSON object in source order, names unique and compared as bytes.
///
/// Swift compares strings by Unicode equivalence; two names that only look alike are two names here.
package struct JSONObject: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue

        package static func == (left: Member, right: Member) -> Bool {
            JSONObject.same(left.name, right.name) && left.value == right.value
        }
    }

    package private(set) var members: [Member]

    package init() {
        members = []
    }

    /// Keeps the last of several equal names; parsed text never has any.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = []
        for (name, value) in elements { self[name] = value }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
    package var names: [String] { members.map(\.name) }

    /// The value of one member; assigning nil removes it, assigning to a new name appends it.
    package subscript(name: String) -> JSONValue? {
        get {
            // By their places: a loop over the members themselves would copy each.
            for place in members.indices where Self.same(members[place].name, name) { return members[place].value }
            return nil
        }
        set {
            let index = members.firstIndex { Self.same($0.name, name) }
            switch (index, newValue) {
            case (let index?, let value?): members[index] = Member(name: name, value: value)
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Makes room for so many members.
    package mutating func reserveCapacity(_ count: Int) {
        members.reserveCapacity(count)
    }

    /// Appends without looking for the name; the caller has made sure that it is new.
    package mutating func appendUnchecked(name: String, value: JSONValue) {
        members.append(Member(name: name, value: value))
    }

    /// The place of a member, looked for from `start` on and then from the beginning.
    func index(of name: String, from start: Int) -> Int? {
        let first = start < members.count ? start : 0
        return members[first...].firstIndex { Self.same($0.name, name) }
            ?? members[..<first].firstIndex { Self.same($0.name, name) }
    }

    static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
