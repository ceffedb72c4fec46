import MayflyModel

/// Writes spans as an OTLP `ExportTraceServiceRequest` in JSON: identifiers in hexadecimal, 64-bit numbers as text.
package struct SpanEncoder: Sendable {
    /// The scheme by which clients reach the broker.
    private let scheme: String

    package init(scheme: String) {
        self.scheme = scheme
    }

    func body(_ spans: [Span]) -> [UInt8] {
        var writer = JSONWriter(reserving: 256 + 640 * spans.count)
        writer.beginObject()
        writer.name("resourceSpans")
        writer.beginArray()
        writer.beginObject()
        writer.name("resource")
        writer.beginObject()
        writer.name("attributes")
        writer.beginArray()
        attribute("service.name", BuildInfo.name, &writer)
        attribute("service.version", BuildInfo.version, &writer)
        writer.endArray()
        writer.endObject()
        writer.name("scopeSpans")
        writer.beginArray()
        writer.beginObject()
        member("scope", &writer) { writer in
            text("name", BuildInfo.name, &writer)
            text("version", BuildInfo.version, &writer)
        }
        writer.name("spans")
        writer.beginArray()
        for span in spans { write(span, &writer) }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ span: Span, _ writer: inout JSONWriter) {
        let route = Endpoints.all.indices.contains(span.route) ? Endpoints.all[span.route].template : nil
        // The name of a method that is not known could be anything, and would be another span each time.
        let verb = span.method == .other ? "HTTP" : span.method.text
        writer.beginObject()
        text("traceId", span.trace.text, &writer)
        text("spanId", Hexadecimal.text(span.identifier), &writer)
        if let state = span.state { text("traceState", state, &writer) }
        if let parent = span.trace.parent { text("parentSpanId", Hexadecimal.text(parent), &writer) }
        writer.name("flags")
        writer.integer(Self.flags(span))
        text("name", route.map { "\(verb) \($0)" } ?? verb, &writer)
        writer.name("kind")
        writer.integer(Self.server)
        text("startTimeUnixNano", String(span.start), &writer)
        text("endTimeUnixNano", String(span.end), &writer)
        writer.name("attributes")
        writer.beginArray()
        attribute("http.request.method", span.method.text, &writer)
        if let route {
            attribute("http.route", route, &writer)
            // The target as it was sent may hold anything, and names; what is between braces stands for those.
            attribute("url.path", route, &writer)
        }
        writer.beginObject()
        text("key", "http.response.status_code", &writer)
        member("value", &writer) { text("intValue", String(span.status), &$0) }
        writer.endObject()
        attribute("url.scheme", scheme, &writer)
        if span.status >= 500 { attribute("error.type", String(span.status), &writer) }
        writer.endArray()
        if span.status >= 500 {
            member("status", &writer) { writer in
                writer.name("code")
                writer.integer(Self.error)
            }
        }
        writer.endObject()
    }

    /// `SPAN_KIND_SERVER` and `STATUS_CODE_ERROR`; enumerations are numbers in OTLP's JSON.
    private static let server: Int64 = 2
    private static let error: Int64 = 2

    /// The trace flags, this span being sampled; and whether the parent is in another process, in two bits above.
    private static func flags(_ span: Span) -> Int64 {
        Int64(span.trace.flags | 1) | 0x100 | (span.trace.parent == nil ? 0 : 0x200)
    }

    private func attribute(_ key: String, _ value: String, _ writer: inout JSONWriter) {
        writer.beginObject()
        text("key", key, &writer)
        member("value", &writer) { text("stringValue", value, &$0) }
        writer.endObject()
    }

    private func text(_ name: StaticString, _ value: String, _ writer: inout JSONWriter) {
        writer.name(name)
        writer.string(value)
    }

    private func member(_ name: StaticString, _ writer: inout JSONWriter, _ body: (inout JSONWriter) -> Void) {
        writer.name(name)
        writer.beginObject()
        body(&writer)
        writer.endObject()
    }
}
