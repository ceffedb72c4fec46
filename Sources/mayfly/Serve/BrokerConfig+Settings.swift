import MayflyBroker
import MayflyConfig

extension BrokerConfig {
    /// What the broker itself takes from the file; a reload may change all of it but the issuer.
    func settings(issuer: String) -> BrokerSettings {
        var settings = BrokerSettings(issuer: issuer)
        settings.tokenLife = defaultTokenLife
        settings.maximumTokenLife = maximumTokenLife
        settings.ticketLife = ticketLife
        settings.enrolmentCodeLife = enrolmentCodeLife
        settings.assertionLife = assertionMaximumLife
        settings.clockSkew = clockSkew
        settings.mintLimit = mintLimit.map { RateLimit(rate: $0.rate, burst: $0.burst) }
        settings.ownerMintLimit = ownerMintLimit.map { RateLimit(rate: $0.rate, burst: $0.burst) }
        settings.verifyLimit = verifyLimit.map { RateLimit(rate: $0.rate, burst: $0.burst) }
        settings.notices = notices.map(\.route)
        settings.lifecycle.reviewEvery = reviewEvery
        settings.lifecycle.overdue =
            switch overdueReviews {
            case .off: .off
            case .warn: .warn
            case .suspend: .suspend
            }
        settings.lifecycle.overdueAfter = overdueAfter
        settings.lifecycle.endingNotice = endingNotice
        settings.lifecycle.ended =
            switch endedAgents {
            case .off: .off
            case .warn: .warn
            case .suspend: .suspend
            case .offboard: .offboard
            }
        return settings
    }

    /// The settings that differ from `other` and are read at a start only, by the names that the file gives them.
    func needsRestart(for other: BrokerConfig) -> [String] {
        var names: [String] = []
        if other.issuer != issuer { names.append("issuer") }
        if other.listen != listen { names.append("listen") }
        if other.behindProxy != behindProxy { names.append("behind_proxy") }
        if (other.tls == nil) != (tls == nil) { names.append("tls") }
        if other.mtls?.listen != mtls?.listen || other.mtls?.url != mtls?.url { names.append("mtls") }
        if other.proxy != proxy { names.append("proxy") }
        if other.keysDirectory != keysDirectory { names.append("keys.directory") }
        if other.keys.passphrase != keys.passphrase { names.append("keys.passphrase") }
        if other.keys.token != keys.token { names.append("keys.pkcs11") }
        if other.store != store { names.append("store") }
        if other.cluster != cluster { names.append("cluster") }
        if other.archiveDirectory != archiveDirectory { names.append("archive") }
        if other.metricsEnabled != metricsEnabled { names.append("metrics.enabled") }
        if other.tracingEndpoint != tracingEndpoint { names.append("tracing.endpoint") }
        if other.tracingSample != tracingSample { names.append("tracing.sample") }
        if other.allowsLocalProviders != allowsLocalProviders { names.append("providers.allow_local_addresses") }
        if other.providerCAFile != providerCAFile { names.append("providers.ca_file") }
        if other.connections != connections { names.append("limits.connections") }
        if other.threads != threads { names.append("limits.threads") }
        return names
    }
}

extension ClusterConfig {
    var terms: LeaseTerms { LeaseTerms(milliseconds: lease * 1000) }
}
