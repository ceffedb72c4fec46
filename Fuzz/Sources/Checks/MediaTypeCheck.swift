import MayflyServer

/// A media type that was read is two tokens in lower case, and is read again as itself.
enum MediaTypeCheck {
    static func run(_ bytes: [UInt8]) {
        guard let type = MediaType.parse(bytes) else { return }
        require(type.utf8.count <= bytes.count, "nothing was added")
        require(type.utf8.allSatisfy { (0x21...0x7E).contains($0) && !(0x41...0x5A).contains($0) }, "lower-case ASCII")
        require(type.split(separator: "/", omittingEmptySubsequences: false).count == 2, "a type and a subtype")
        require(MediaType.parse(Array(type.utf8)) == type, "a media type survives being written")
        require(MediaType.parse(Array("\(type); charset=utf-8".utf8)) == type, "parameters are left out")
    }
}
