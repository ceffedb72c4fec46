import MayflyBroker
import MayflyModel

/// `GET /metrics`: everything that Mayfly counts, for Prometheus.
///
/// No label holds an identifier: what can appear is a closed set that the sources name.
package final class MetricsPage: Sendable {
    private let broker: Broker
    private let durations: RequestDurations
    private let parkedRequests: @Sendable () -> UInt64
    private let shedRequests: @Sendable () -> UInt64
    private let openConnections: @Sendable () -> Int
    private let droppedLines: @Sendable () -> UInt64
    private let spans: SpanExporter?

    init(
        broker: Broker, durations: RequestDurations, parkedRequests: @escaping @Sendable () -> UInt64,
        shedRequests: @escaping @Sendable () -> UInt64, openConnections: @escaping @Sendable () -> Int,
        droppedLines: @escaping @Sendable () -> UInt64,
        spans: SpanExporter?
    ) {
        self.broker = broker
        self.durations = durations
        self.parkedRequests = parkedRequests
        self.shedRequests = shedRequests
        self.openConnections = openConnections
        self.droppedLines = droppedLines
        self.spans = spans
    }

    func reply() -> HTTPReply {
        HTTPReply(status: 200, headers: [("Content-Type", PrometheusWriter.contentType)], body: text())
    }

    package func text() -> [UInt8] {
        var writer = PrometheusWriter()
        requests(&writer)
        tokens(&writer)
        store(&writer)
        cluster(&writer)
        pressure(&writer)
        process(&writer)
        return writer.bytes
    }

    private func requests(_ writer: inout PrometheusWriter) {
        let name = "http_server_request_duration_seconds"
        writer.family(name, .histogram, "From the end of a request's head to its queued reply, waiting included.")
        for series in durations.series {
            let labels = [
                ("http_route", series.route.map { Endpoints.all[$0].template } ?? "none"),
                ("http_request_method", series.method.text),
                ("http_response_status_code", series.status.map { String($0) } ?? "other"),
            ]
            writer.histogram(name, series.reading, bounds: RequestDurations.bounds, scale: 1e9, labels)
        }
    }

    private func tokens(_ writer: inout PrometheusWriter) {
        let metrics = broker.metrics
        writer.family("mayfly_tokens_issued_total", .counter, "Tokens and tickets issued, each durable.")
        writer.counters("mayfly_tokens_issued_total", "kind", metrics.issued)
        writer.family("mayfly_tokens_refused_total", .counter, "Requests for a token that were refused.")
        writer.counters("mayfly_tokens_refused_total", "reason", metrics.refused)
        writer.family("mayfly_verifications_total", .counter, "Tokens that somebody asked about.")
        for surface in VerificationSurface.allCases {
            for (outcome, count) in [("active", metrics.active[surface]), ("inactive", metrics.inactive[surface])] {
                writer.sample(
                    "mayfly_verifications_total", count, [("outcome", outcome), ("surface", surface.text)])
            }
        }
        writer.family("mayfly_decisions_total", .counter, "Decisions about actions; error was not written down.")
        writer.counters("mayfly_decisions_total", "outcome", metrics.decisions)
        writer.family("mayfly_halts_total", .counter, "Requests and actions that policy refused because of tier 4.")
        writer.sample("mayfly_halts_total", metrics.halts)
        writer.family("mayfly_budget_refusals_total", .counter, "Decisions that a spent budget refused.")
        writer.counters("mayfly_budget_refusals_total", "limit", metrics.exhausted)
        writer.family("mayfly_behaviour_deviations_total", .counter, "Requests that were unusual for their agent.")
        writer.counters("mayfly_behaviour_deviations_total", "sign", metrics.deviations)
        writer.family(
            "mayfly_quota_refusals_total", .counter, "Tokens and decisions that a quota of the policy refused.")
        writer.counters("mayfly_quota_refusals_total", "on", metrics.quotaRefusals)
        writer.family("mayfly_revocations_total", .counter, "Revocations and what else ends tokens, each durable.")
        writer.counters("mayfly_revocations_total", "kind", metrics.revocations)
        writer.family(
            "mayfly_provider_fetches_total", .counter, "Attempts to fetch an identity provider's keys.")
        writer.counters("mayfly_provider_fetches_total", "outcome", metrics.keyFetches)
        writer.family("mayfly_notices_total", .counter, "What became of entries that somebody was to be told of.")
        writer.counters("mayfly_notices_total", "outcome", metrics.notices)
        writer.family("mayfly_refused_clients_total", .counter, "Clients that failed to prove who they are.")
        writer.sample("mayfly_refused_clients_total", metrics.refusedClients)
        writer.family("mayfly_known_tokens_total", .counter, "Look-ups among tokens whose signature is known.")
        writer.counters("mayfly_known_tokens_total", "result", metrics.knownTokens)
    }

    private func store(_ writer: inout PrometheusWriter) {
        let (metrics, gauges) = (broker.metrics, broker.gauges)
        writer.family("mayfly_commit_batch_size", .histogram, "Commands that shared one commit.")
        writer.histogram(
            "mayfly_commit_batch_size", metrics.batchSize.reading, bounds: metrics.batchSize.bounds, scale: 1)
        writer.family("mayfly_commit_duration_seconds", .histogram, "What the store took for one commit.")
        writer.histogram(
            "mayfly_commit_duration_seconds", metrics.commitTime.reading, bounds: metrics.commitTime.bounds,
            scale: 1e9)
        writer.family("mayfly_store_errors_total", .counter, "Errors that the store reported.")
        writer.counters("mayfly_store_errors_total", "kind", metrics.storeErrors)
        writer.family("mayfly_ledger_entries", .gauge, "Entries of the ledger.")
        writer.sample("mayfly_ledger_entries", gauges.ledgerEntries)
        writer.family("mayfly_state_records", .gauge, "Records in memory.")
        for (kind, count) in gauges.records {
            writer.sample("mayfly_state_records", UInt64(clamping: count), [("kind", kind)])
        }
        writer.family("mayfly_pending_commands", .gauge, "Changes that wait for a commit.")
        writer.sample("mayfly_pending_commands", UInt64(clamping: gauges.pendingCommands))
    }

    /// Only of a broker that shares its store: what one has for itself needs no lease.
    private func cluster(_ writer: inout PrometheusWriter) {
        guard let link = broker.cluster else { return }
        let (metrics, alive) = (broker.metrics, link.standings.map(\.isAlive))
        writer.family("mayfly_cluster_nodes", .gauge, "Brokers that share the store, by their leases.")
        for (standing, count) in [("alive", alive.count { $0 }), ("over", alive.count { !$0 })] {
            writer.sample("mayfly_cluster_nodes", UInt64(clamping: count), [("standing", standing)])
        }
        writer.family("mayfly_lease_held", .gauge, "Whether this broker may answer from its memory now.")
        writer.sample("mayfly_lease_held", broker.permit.isValid ? 1 : 0 as UInt64)
        writer.family("mayfly_cluster_leads", .gauge, "Whether this broker does what one is to do for all.")
        writer.sample("mayfly_cluster_leads", link.isLeader ? 1 : 0 as UInt64)
        writer.family(
            "mayfly_revocation_wait_seconds", .histogram, "For how long answers waited until they held everywhere.")
        writer.histogram(
            "mayfly_revocation_wait_seconds", metrics.heldTime.reading, bounds: metrics.heldTime.bounds, scale: 1e9)
        writer.family("mayfly_revocation_waits_total", .counter, "Answers that waited, by why they could go.")
        writer.counters("mayfly_revocation_waits_total", "end", metrics.heldEnds)
        writer.family("mayfly_commits_taken_in_total", .counter, "Commits of other brokers, now in memory here.")
        writer.sample("mayfly_commits_taken_in_total", metrics.takenIn)
    }

    private func pressure(_ writer: inout PrometheusWriter) {
        writer.family("mayfly_parked_requests", .gauge, "Requests that wait for their reply without a thread.")
        writer.sample("mayfly_parked_requests", parkedRequests())
        writer.family("mayfly_requests_shed_total", .counter, "Requests answered 503 because too many were waiting.")
        writer.sample("mayfly_requests_shed_total", shedRequests())
        writer.family("mayfly_requests_limited_total", .counter, "Requests answered 429 by a limit of their client.")
        let limits = broker.limits
        for (limit, count) in [
            ("mint", limits.refusedMintCount), ("mint_owner", limits.refusedOwnerMintCount),
            ("revoke", limits.refusedRevocationCount), ("verify", limits.refusedVerificationCount),
        ] {
            writer.sample("mayfly_requests_limited_total", UInt64(clamping: count), [("limit", limit)])
        }
        writer.family("mayfly_connections_open", .gauge, "Open connections.")
        writer.sample("mayfly_connections_open", UInt64(clamping: openConnections()))
        writer.family("mayfly_log_lines_dropped_total", .counter, "Log lines that standard error did not take in time.")
        writer.sample("mayfly_log_lines_dropped_total", droppedLines())
        writer.family("mayfly_spans_exported_total", .counter, "Spans that the collector took.")
        writer.sample("mayfly_spans_exported_total", spans?.exported ?? 0)
        writer.family("mayfly_spans_dropped_total", .counter, "Spans that the collector did not take in time.")
        writer.sample("mayfly_spans_dropped_total", spans?.dropped ?? 0)
    }

    private func process(_ writer: inout PrometheusWriter) {
        let facts = ProcessFacts.read()
        writer.family("process_cpu_seconds_total", .counter, "User and system time of the process.")
        writer.sample("process_cpu_seconds_total", facts.processorSeconds)
        if let bytes = facts.residentBytes {
            writer.family("process_resident_memory_bytes", .gauge, "Memory of the process that is in RAM.")
            writer.sample("process_resident_memory_bytes", bytes)
        }
        if let count = facts.openDescriptors {
            writer.family("process_open_fds", .gauge, "Open file descriptors.")
            writer.sample("process_open_fds", count)
        }
        if let start = facts.startSeconds {
            writer.family("process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.")
            writer.sample("process_start_time_seconds", start)
        }
        writer.family("mayfly_build_info", .gauge, "Always 1; the label says what runs.")
        writer.sample("mayfly_build_info", 1 as UInt64, [("version", BuildInfo.version)])
    }
}
