import Dispatch
import MayflyModel
import Synchronization
import Testing

@testable import MayflyServer

/// A collector that keeps what it gets, refuses it, or holds it until it is let go.
private final class FakeTransport: SpanTransport {
    enum Mood { case takes, refuses, hangs }

    private struct State {
        var bodies: [[UInt8]] = []
        var limits: [Int] = []
        var isHanging = false
    }

    private let mood: Mood
    private let state = Mutex(State())
    private let released = DispatchSemaphore(value: 0)

    init(_ mood: Mood = .takes) { self.mood = mood }

    func send(_ body: [UInt8], milliseconds: Int) -> Bool {
        state.withLock {
            $0.bodies.append(body)
            $0.limits.append(milliseconds)
            $0.isHanging = mood == .hangs
        }
        if mood == .hangs {
            released.wait()
            released.signal()
        }
        return mood == .takes
    }

    func cancel() { released.signal() }
    var isHanging: Bool { state.withLock { $0.isHanging } }
    var limits: [Int] { state.withLock { $0.limits } }

    /// The spans of each body.
    func batches() throws -> [[JSONObject]] {
        try state.withLock { $0.bodies }.map { body in
            let resource = try #require(
                try JSONParser.parseObject(body)["resourceSpans"]?.arrayValue?.first?.objectValue)
            let scope = try #require(resource["scopeSpans"]?.arrayValue?.first?.objectValue)
            return try #require(scope["spans"]?.arrayValue).compactMap(\.objectValue)
        }
    }
}

@Suite struct SpanExporterTests {
    private static let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func exporter(_ transport: FakeTransport, sample: Double = 1) throws -> SpanExporter {
        try SpanExporter(transport: transport, encoder: SpanEncoder(scheme: "https"), sample: sample)
    }

    private func place(_ template: String) throws -> Int {
        try #require(Endpoints.all.firstIndex { $0.template == template })
    }

    private func record(_ exporter: SpanExporter, _ trace: TraceIdentity? = nil, status: Int = 200) throws {
        exporter.record(
            try trace ?? TraceIdentity(TraceParent.parse(Array(Self.header.utf8))), state: nil, route: 0, method: .get,
            status: status, nanoseconds: 1000)
    }

    @Test func aSpanSaysWhatOTLPAsksFor() throws {
        let transport = FakeTransport()
        let exporter = try exporter(transport)
        let trace = TraceIdentity(try TraceParent.parse(Array(Self.header.utf8)))
        exporter.record(
            trace, state: "a=1,b=2", route: try place("/oauth2/token"), method: .post, status: 503,
            nanoseconds: 2_500_000)
        exporter.stop()
        let span = try #require(try transport.batches().first?.first)
        #expect(span["traceId"] == .string("4bf92f3577b34da6a3ce929d0e0e4736"))
        #expect(span["parentSpanId"] == .string("00f067aa0ba902b7"))
        #expect(span["traceState"] == .string("a=1,b=2"))
        #expect(span["name"] == .string("POST /oauth2/token"))
        #expect(span["kind"] == .integer(2))
        #expect(span["flags"] == .integer(0x301))
        #expect(span["status"] == .object(["code": .integer(2)]))
        let identifier = try #require(span["spanId"]?.stringValue)
        #expect(identifier.utf8.count == 16 && identifier != "00f067aa0ba902b7")
        let start = try #require(span["startTimeUnixNano"]?.stringValue.flatMap { UInt64($0) })
        let end = try #require(span["endTimeUnixNano"]?.stringValue.flatMap { UInt64($0) })
        #expect(end - start == 2_500_000)
        var attributes: [String: JSONValue] = [:]
        for attribute in try #require(span["attributes"]?.arrayValue).compactMap(\.objectValue) {
            attributes[try #require(attribute["key"]?.stringValue)] = attribute["value"]
        }
        #expect(attributes["http.request.method"] == .object(["stringValue": .string("POST")]))
        #expect(attributes["http.route"] == .object(["stringValue": .string("/oauth2/token")]))
        #expect(attributes["http.response.status_code"] == .object(["intValue": .string("503")]))
        #expect(attributes["url.scheme"] == .object(["stringValue": .string("https")]))
        #expect(attributes["error.type"] == .object(["stringValue": .string("503")]))
        #expect(exporter.exported == 1 && exporter.dropped == 0)
    }

    @Test func aSpanOfNoEndpointHasNoRouteAndNoForeignName() throws {
        let transport = FakeTransport()
        let exporter = try exporter(transport)
        exporter.record(
            TraceIdentity(SpanIdentifiers()), state: nil, route: RequestDurations.noRoute, method: .other, status: 405,
            nanoseconds: 1)
        exporter.stop()
        let span = try #require(try transport.batches().first?.first)
        #expect(span["name"] == .string("HTTP"))
        #expect(span["parentSpanId"] == nil && span["traceState"] == nil && span["status"] == nil)
        #expect(span["flags"] == .integer(0x101))
        #expect(!String(decoding: JSONWriter.bytes(of: .object(span)), as: UTF8.self).contains("http.route"))
    }

    @Test func aCollectorThatHangsHoldsUpNobodyAndDropsAreCounted() throws {
        let transport = FakeTransport(.hangs)
        let exporter = try exporter(transport)
        try record(exporter)
        #expect(eventually { transport.isHanging })
        // One is under way, so one less than the capacity fits.
        for _ in 0..<(SpanExporter.capacity + 99) { try record(exporter) }
        #expect(exporter.dropped == 100)
        exporter.stop()
        #expect(exporter.exported == 0)
        #expect(exporter.dropped == UInt64(SpanExporter.capacity + 100))
    }

    @Test func whatACollectorRefusesIsDropped() throws {
        let transport = FakeTransport(.refuses)
        let exporter = try exporter(transport)
        for _ in 0..<3 { try record(exporter) }
        exporter.stop()
        #expect(exporter.dropped == 3 && exporter.exported == 0)
    }

    @Test func batchesAreBoundedAndStoppingSendsTheRest() throws {
        let transport = FakeTransport()
        let exporter = try exporter(transport)
        for _ in 0..<1300 { try record(exporter) }
        exporter.stop()
        let sizes = try transport.batches().map(\.count)
        #expect(sizes.allSatisfy { $0 <= SpanExporter.maximumBatch })
        #expect(sizes.reduce(0, +) == 1300 && exporter.exported == 1300)
        #expect(transport.limits.allSatisfy { $0 <= 2000 })
    }

    @Test func aFewSpansAreSentWithoutMoreComing() throws {
        let transport = FakeTransport()
        let exporter = try exporter(transport)
        try record(exporter)
        #expect(eventually { exporter.exported == 1 })
        exporter.stop()
    }

    @Test func theCallersFlagDecidesForTheCallersTrace() throws {
        let (never, always) = (SpanSampler(ratio: 0), SpanSampler(ratio: 1))
        let sampled = TraceIdentity(try TraceParent.parse(Array(Self.header.utf8)))
        let unsampled = TraceIdentity(try TraceParent.parse(Array((Self.header.dropLast(2) + "00").utf8)))
        #expect(never.records(sampled) && always.records(sampled))
        #expect(!never.records(unsampled) && !always.records(unsampled))
    }

    @Test(arguments: [0, 0.25, 0.5, 1])
    func newTracesAreRecordedInTheirShare(_ ratio: Double) {
        let sampler = SpanSampler(ratio: ratio)
        let identifiers = SpanIdentifiers(seed: 7)
        let count = (0..<10_000).count { _ in sampler.records(TraceIdentity(identifiers)) }
        #expect(abs(Double(count) / 10_000 - ratio) < 0.03)
        if ratio == 0 || ratio == 1 { #expect(Double(count) == ratio * 10_000) }
    }

    @Test func identifiersAreNeverZeroAndNeverTheSame() {
        let identifiers = SpanIdentifiers(seed: 0)
        let numbers = Set((0..<50_000).map { _ in identifiers.next() })
        #expect(numbers.count == 50_000 && !numbers.contains(0))
    }

    @Test(
        arguments: [
            (0, "0000000000000000"), (1, "0000000000000001"), (0x00f0_67aa_0ba9_02b7, "00f067aa0ba902b7"),
            (UInt64.max, "ffffffffffffffff"),
        ] as [(UInt64, String)])
    func aNumberKeepsItsSixteenDigits(_ number: UInt64, _ text: String) {
        #expect(Hexadecimal.text(number) == text)
        #expect(Hexadecimal.number(Array(text.utf8)[...]) == number)
    }

    @Test func aTraceStateIsHandedOnAsItCameOrNotAtAll() throws {
        func state(_ values: [String]) throws -> String? {
            let request = try HTTPRequest(
                method: "GET", target: "/", headers: values.map { (name: "TraceState", value: $0) })
            return TraceState.text(request.fields)
        }
        #expect(try state([]) == nil)
        #expect(try state(["a=1, b=2"]) == "a=1, b=2")
        #expect(try state(["a=1", "b=2"]) == "a=1,b=2")
        #expect(try state([String(repeating: "a", count: 512)]) != nil)
        #expect(try state([String(repeating: "a", count: 513)]) == nil)
        #expect(try state(["a=é"]) == nil)
    }
}
