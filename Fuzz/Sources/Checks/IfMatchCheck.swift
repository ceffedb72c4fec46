import MayflyServer

/// Entity tags that were read are bounded and are read again once they are written.
enum IfMatchCheck {
    static func run(_ bytes: [UInt8]) {
        guard let condition = try? IfMatch.parse(bytes) else { return }
        require(!condition.matches(nil), "nothing matches what is not there")
        guard case .tags(let tags) = condition else { return }
        require((1...IfMatch.maximumTags).contains(tags.count), "tags are bounded")
        for tag in tags {
            require(tag.opaque.utf8.count <= EntityTag.maximumLength, "a tag is bounded")
            require(!tag.opaque.utf8.contains(UInt8(ascii: "\"")), "a tag ends at its quote")
            let again = require("a written tag is read again") { try EntityTag.parse(Array(tag.headerValue.utf8)) }
            require(again == tag, "a tag survives being written")
            require(condition.matches(tag) == !tag.isWeak || tags.contains { $0.stronglyEquals(tag) }, "strong only")
        }
        let list = tags.map(\.headerValue).joined(separator: ", ")
        require((try? IfMatch.parse(Array(list.utf8))) == condition, "a list survives being written")
    }
}
