import MayflyModel
import Testing

/// Texts are the same where their bytes are, whatever Unicode says and however long they are.
@Suite struct UTF8ComparisonTests {
    @Test func equivalentTextsAreNotTheSame() {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed == decomposed)
        #expect(!composed.utf8.elementsEqual(decomposed.utf8))
        #expect(composed.utf8.elementsEqual(composed.utf8))
    }

    @Test func eachByteCounts() {
        for count in 0...40 {
            let text = String(repeating: "a", count: count)
            #expect(text.utf8.elementsEqual(String(text).utf8))
            #expect(!text.utf8.elementsEqual((text + "a").utf8))
            #expect(!(text + "a").utf8.elementsEqual(text.utf8))
            for place in 0..<count {
                var other = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                other[place] = UInt8(ascii: "b")
                #expect(!text.utf8.elementsEqual(String(decoding: other, as: UTF8.self).utf8), "\(count) \(place)")
            }
        }
    }
}
