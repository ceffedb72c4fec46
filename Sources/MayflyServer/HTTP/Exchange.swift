internal import MayflyBroker

/// One request while it is read and answered; only its connection's thread touches it.
final class Exchange {
    enum Stage {
        case header, body, parked, answered
    }

    let record: ConnectionRecord
    /// The request target as sent, and where it began in the library's buffer.
    let target: [UInt8]
    let targetAddress: UInt
    /// That of the request before this one on its connection.
    let earlierHead: RequestHead?
    var stage = Stage.header
    /// When the header was complete, by `MonotonicTime`.
    var arrivedAt: UInt64 = 0
    var method = ""
    var head: RequestHead?
    var body: [UInt8] = []
    /// Bytes that the body may have.
    var maximumBody = 0
    /// Held by a request with a large body as long as it lasts.
    var place: LargeBodyPlace?
    var slot: ParkedSlot?
    /// What the client has shown of its own in the connection's handshake.
    var peer: PresentedCertificate?

    init(record: ConnectionRecord, target: [UInt8], targetAddress: UInt, earlierHead: RequestHead?) {
        self.record = record
        self.target = target
        self.targetAddress = targetAddress
        self.earlierHead = earlierHead
    }

    /// The complete request; the exchange keeps none of it.
    func takeRequest() -> HTTPRequest? {
        guard let head = head.take() else { return nil }
        var body: [UInt8] = []
        swap(&body, &self.body)
        return HTTPRequest(
            head: head, body: body, remoteAddress: record.remoteAddress, arrivedAt: arrivedAt,
            peerCertificate: peer)
    }

    var rejected: RejectedRequest {
        RejectedRequest(method: method, targetBytes: target, remoteAddress: record.remoteAddress, arrivedAt: arrivedAt)
    }
}
