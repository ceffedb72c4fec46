import MayflyBroker
import MayflyClient
import MayflyConfig
import MayflyServer

extension CollectorTransport: SpanTransport {}

/// What a running broker shows of itself, put together as the configuration says.
enum Observation {
    /// The log on standard error.
    static func log(_ config: BrokerConfig) throws(CommandError) -> StandardErrorLog {
        do {
            return try StandardErrorLog(config)
        } catch {
            throw .failed("the log cannot be started: \(error)", next: "raise the limits of open files and threads")
        }
    }

    /// The way to the collector; nil when none is named.
    static func spans(_ config: BrokerConfig) throws(CommandError) -> SpanExporter? {
        guard let endpoint = config.tracingEndpoint else { return nil }
        let transport: CollectorTransport
        do {
            transport = try CollectorTransport(endpoint: endpoint.text)
        } catch {
            throw .failed("tracing.endpoint cannot be used: \(error)", next: "correct it, or leave tracing out")
        }
        do {
            return try SpanExporter(
                transport: transport, encoder: SpanEncoder(scheme: config.issuer.isHTTPS ? "https" : "http"),
                sample: config.tracingSample)
        } catch {
            throw .failed("tracing cannot be started: \(error)", next: "raise the limits of open files and threads")
        }
    }

    static func telemetry(
        _ config: BrokerConfig, broker: Broker, listeners: Listeners, log: StandardErrorLog, spans: SpanExporter?
    ) -> Telemetry {
        var sources = Telemetry.Sources()
        sources.openConnections = listeners.connectionCount
        sources.droppedLines = { log.droppedLines }
        return Telemetry(
            broker: broker, isReadable: config.metricsEnabled, sources: sources, log: log, spans: spans)
    }
}
