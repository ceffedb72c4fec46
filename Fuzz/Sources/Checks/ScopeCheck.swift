import MayflyModel

/// Scopes that were read are written in one way and read again as the same set.
enum ScopeCheck {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let set = try? ScopeSet.parse(text) else { return }
        require(set.count <= ScopeSet.maximumCount, "scopes are bounded")
        require(set.scopes == Set(set.scopes).sorted(), "each scope stands once, in order")
        require(set.scopes.allSatisfy { Scope($0.text) == $0 }, "each scope is a scope by itself")
        let again = require("written scopes are read again") { try ScopeSet.parse(set.text) }
        require(again == set, "scopes survive being written")
        require(set.text.utf8.count <= bytes.count, "nothing was added")
        let names = Set(text.split(separator: " ").map { Array($0.utf8) })
        require(names == Set(set.scopes.map { Array($0.text.utf8) }), "the set holds exactly the named scopes")

        let half = ScopeSet(set.scopes.prefix(set.count / 2))
        require(half.isSubset(of: set), "a part is within the whole")
        require(half.union(set.subtracting(half)) == set, "parts make the whole")
        require(half.intersection(set) == half, "the meet of a part and the whole is the part")
    }
}
