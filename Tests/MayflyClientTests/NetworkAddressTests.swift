import Testing

@testable import MayflyClient

/// Addresses that keys of identity providers are not fetched from.
@Suite struct NetworkAddressTests {
    @Test(
        arguments: [
            [127, 0, 0, 1], [127, 255, 255, 254], [0, 0, 0, 0], [0, 1, 2, 3], [169, 254, 169, 254], [224, 0, 0, 1],
            [255, 255, 255, 255],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [UInt8](repeating: 0, count: 16),
            // ::ffff:127.0.0.1, ::127.0.0.1, 64:ff9b::169.254.169.254, 2002:7f00:1::
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1],
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254],
            [0x20, 0x02, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFE, 0xBF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ] as [[UInt8]])
    func thisMachineAndItsLinkAreLocal(_ bytes: [UInt8]) throws {
        let address = try #require(NetworkAddress(bytes))
        #expect(address.isLocal)
    }

    @Test(
        arguments: [
            [1, 1, 1, 1], [10, 0, 0, 1], [126, 255, 255, 255], [128, 0, 0, 1], [169, 253, 0, 1], [192, 168, 0, 1],
            [223, 255, 255, 255],
            [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1],
            [0xFE, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ] as [[UInt8]])
    func othersAreNot(_ bytes: [UInt8]) throws {
        let address = try #require(NetworkAddress(bytes))
        #expect(!address.isLocal)
    }

    @Test(arguments: [0, 3, 5, 15, 17]) func anyOtherLengthIsNoAddress(_ count: Int) {
        #expect(NetworkAddress([UInt8](repeating: 9, count: count)) == nil)
    }
}
