internal import CMicroHTTPD
internal import Glibc

/// A listening TCP socket, closed with this value unless something else took it over.
struct ListenSocket: ~Copyable {
    private let descriptor: Int32

    /// Opens, binds and listens; the connections it gives inherit nothing across `exec`.
    init(_ address: ListenAddress) throws(HTTPServerError) {
        let isIPv4 = address.octets.count == 4
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(isIPv4 ? AF_INET : AF_INET6, type, 0)
        guard descriptor >= 0 else { throw .cannotListen(errno: errno) }
        var failure = Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if failure == 0, !isIPv4 { failure = Self.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        if failure == 0 { failure = isIPv4 ? bindIPv4(address) : bindIPv6(address) }
        if failure == 0, listen(descriptor, SOMAXCONN) != 0 { failure = errno }
        guard failure == 0 else { throw .cannotListen(errno: failure) }
    }

    deinit { close(descriptor) }

    private init(duplicate: Int32) {
        descriptor = duplicate
    }

    /// Another descriptor of the same socket.
    func duplicate() throws(HTTPServerError) -> ListenSocket {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .cannotListen(errno: errno) }
        return ListenSocket(duplicate: copy)
    }

    /// The port in use, the system's choice where 0 was asked for.
    func port() throws(HTTPServerError) -> UInt16 {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw .cannotListen(errno: errno) }
        // The port follows the family in both address layouts.
        return unsafe withUnsafeBytes(of: &name) {
            unsafe UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// The descriptor, to be closed by whoever takes it.
    consuming func release() -> Int32 {
        let descriptor = self.descriptor
        discard self
        return descriptor
    }

    var fileDescriptor: Int32 { descriptor }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) -> Int32 {
        var on: Int32 = 1
        let status = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
        return status == 0 ? 0 : errno
    }

    private func bindIPv4(_ address: ListenAddress) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        unsafe withUnsafeMutableBytes(of: &name.sin_addr) { unsafe $0.copyBytes(from: address.octets) }
        return bind(&name)
    }

    private func bindIPv6(_ address: ListenAddress) -> Int32 {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = address.port.bigEndian
        unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { unsafe $0.copyBytes(from: address.octets) }
        return bind(&name)
    }

    private func bind<Name>(_ name: inout Name) -> Int32 {
        let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
        return status == 0 ? 0 : errno
    }
}
