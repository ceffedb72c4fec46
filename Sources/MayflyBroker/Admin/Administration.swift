package import MayflyCrypto
package import MayflyModel
package import MayflyPolicy
import Synchronization

/// Everything that administrators do; each call answers when it is durable.
package struct Administration: Sendable {
    package typealias Completion<Answer> = @Sendable (Result<Answer, BrokerError>) -> Void

    /// The scope of a token that may change the registry.
    package static let scope = "mayfly.admin"
    /// The scope of a token that may read registry and ledger.
    package static let readScope = "mayfly.read"
    /// The scope of a token that may ask about other tokens.
    package static let introspectScope = "mayfly.introspect"
    /// The scope of a token with which an owner votes on requests for approval.
    package static let approveScope = "mayfly.approve"

    let live: LiveSettings
    var settings: BrokerSettings { live.current }
    let state: BrokerState
    let clock: BrokerClock
    let keyring: Keyring
    let vault: any KeyVault
    let writer: Writer
    let verifier: TokenVerifier
    let ledger: LedgerService
    let metrics: BrokerMetrics

    /// `completion`, which also counts a success.
    func counted<Answer>(
        _ kind: RevocationKind, _ completion: @escaping Completion<Answer>
    ) -> Completion<Answer> {
        { [metrics] result in
            if case .success = result { metrics.revocations.add(kind) }
            completion(result)
        }
    }

    package func write(
        _ write: RegistryWrite, if precondition: Precondition, by actor: String,
        _ completion: @escaping Completion<RegistryChange>
    ) {
        writer.submit(
            WriteCommand(write: write, precondition: precondition, actor: actor, issuer: settings.issuer), completion)
    }

    package func apply(
        _ writes: [RegistryWrite], dryRun: Bool, by actor: String,
        _ completion: @escaping Completion<[RegistryChange]>
    ) {
        writer.submit(ApplyCommand(writes: writes, isDryRun: dryRun, actor: actor, issuer: settings.issuer), completion)
    }

    /// Adds a version of the policy and puts it in force, or in the shadow.
    ///
    /// `expected` is the digest that must be in force, `.stale` otherwise; nil for any.
    package func applyPolicy(
        _ bundle: PolicyBundle, _ document: JSONObject, mode: PolicyMode, rationale: String, expected: String?,
        by actor: String, _ completion: @escaping Completion<PolicyVersion>
    ) {
        writer.submit(
            ApplyPolicyCommand(
                bundle: bundle, document: document, mode: mode, actor: actor, rationale: rationale,
                expected: expected), completion)
    }

    /// Puts an earlier version in force again or in the shadow; 0 is the built-in one, or an empty shadow.
    package func activatePolicy(
        _ number: Int64, mode: PolicyMode, rationale: String, by actor: String,
        _ completion: @escaping Completion<PolicyVersion>
    ) {
        writer.submit(
            ActivatePolicyCommand(number: number, mode: mode, actor: actor, rationale: rationale), completion)
    }

    package func remove(
        role: RoleID, if precondition: Precondition, by actor: String, _ completion: @escaping Completion<Void>
    ) {
        writer.submit(RemoveCommand(target: .role(role), precondition: precondition, actor: actor), completion)
    }

    package func remove(
        resource: ResourceName, if precondition: Precondition, by actor: String,
        _ completion: @escaping Completion<Void>
    ) {
        writer.submit(RemoveCommand(target: .resource(resource), precondition: precondition, actor: actor), completion)
    }

    package func remove(
        provider: ProviderID, if precondition: Precondition, by actor: String,
        _ completion: @escaping Completion<Void>
    ) {
        writer.submit(RemoveCommand(target: .provider(provider), precondition: precondition, actor: actor), completion)
    }

    package func suspend(
        _ id: AgentID, reason: String, by actor: String, _ completion: @escaping Completion<Agent>
    ) {
        writer.submit(
            AgentStateCommand(id: id, step: .suspend, actor: actor, reason: reason), counted(.suspend, completion))
    }

    package func resume(
        _ id: AgentID, reason: String, by actor: String, _ completion: @escaping Completion<Agent>
    ) {
        writer.submit(AgentStateCommand(id: id, step: .resume, actor: actor, reason: reason), completion)
    }

    package func offboard(
        _ id: AgentID, reason: String, by actor: String, _ completion: @escaping Completion<Agent>
    ) {
        writer.submit(
            AgentStateCommand(id: id, step: .offboard, actor: actor, reason: reason), counted(.offboard, completion))
    }

    /// An owner leaves; answers which agents were offboarded and which the delegate inherited.
    package func leave(
        _ id: OwnerID, reason: String, by actor: String,
        _ completion: @escaping Completion<(offboarded: [AgentID], inherited: [AgentID])>
    ) {
        writer.submit(OwnerLeaveCommand(id: id, actor: actor, reason: reason)) { result in
            counted(.leave, completion)(result.map { ($0.offboarded, $0.inherited) })
        }
    }

    /// A person leaves, or comes back.
    package func change(
        _ person: PersonID, to state: Person.State, reason: String, by actor: String,
        _ completion: @escaping Completion<Person>
    ) {
        writer.submit(
            PersonCommand(id: person, state: state, actor: actor, reason: reason),
            state == .left ? counted(.leave, completion) : completion)
    }

    /// Makes a single-use enrolment code; it is answered here and kept nowhere.
    package func enrolmentCode(
        for holder: KeyHolder, by actor: String,
        _ completion: @escaping Completion<(code: String, expires: Timestamp)>
    ) {
        let code: String
        do {
            code = try SecureRandom.token(byteCount: 20)
        } catch {
            completion(.failure(.unavailable(.storeFailed)))
            return
        }
        let command = IssueCodeCommand(
            holder: holder, digest: SHA256.digest(of: Array(code.utf8)), life: settings.enrolmentCodeLife,
            actor: actor)
        writer.submit(command) { result in completion(result.map { (code, $0) }) }
    }

    package func removeKey(
        _ keyID: String, of holder: KeyHolder, by actor: String, _ completion: @escaping Completion<KeyHolderRecord>
    ) {
        writer.submit(RemoveKeyCommand(holder: holder, keyID: keyID, actor: actor), completion)
    }

    /// Gives a resource a fresh secret of 256 random bits; it is answered here and kept nowhere.
    package func newSecret(
        for resource: ResourceName, by actor: String, _ completion: @escaping Completion<String>
    ) {
        let secret: String
        do {
            secret = try SecureRandom.token(byteCount: 32)
        } catch {
            completion(.failure(.unavailable(.storeFailed)))
            return
        }
        let command = ResourceSecretCommand(
            resource: resource, digest: SHA256.digest(of: Array(secret.utf8)), actor: actor)
        writer.submit(command) { result in completion(result.map { secret }) }
    }

    package func setKeys(
        _ keys: [PublicKey], of resource: ResourceName, by actor: String, _ completion: @escaping Completion<Void>
    ) {
        writer.submit(ResourceKeysCommand(resource: resource, keys: keys, actor: actor), completion)
    }

    /// Revokes what `request` names.
    ///
    /// A name that nothing was ever minted under is `.notFound`, never a silent success.
    package func revoke(
        _ request: RevocationRequest, reason: String, by actor: String, _ completion: @escaping Completion<Void>
    ) {
        var event = LedgerEvent(.revoked, .ok, actor: actor)
        do throws(BrokerError) {
            try describe(request, in: &event)
        } catch {
            completion(.failure(error))
            return
        }
        let memory = RegistryLimits.maximumTokenLife + settings.clockSkew
        writer.submit(
            RevokeCommand(request: request, actor: actor, reason: reason, memory: memory, event: event),
            counted(RevocationKind(request), completion))
    }

    /// Fills in what the ledger knows of a token, task or trace, and fails when it knows nothing.
    private func describe(_ request: RevocationRequest, in event: inout LedgerEvent) throws(BrokerError) {
        var query = LedgerQuery(limit: 1)
        switch request {
        case .token(let id):
            query.token = id
            event.token = id
        case .task(let name):
            query.task = name
            event.task = name
        case .trace(let id):
            query.trace = id
            event.trace = id
        case .agent(let id):
            event.agent = id
            event.owner = state.read { $0.agents[id]?.spec.owner }
            return
        case .owner(let id):
            event.owner = id
            return
        case .role, .provider, .everything: return
        case .person(let id):
            event.subject = id.text
            return
        case .resource(let name):
            event.resource = state.read { $0.resources[name]?.spec.identifier.text }
            return
        }
        let since = clock.now().advanced(bySeconds: -(RegistryLimits.maximumTokenLife + settings.clockSkew))
        guard let entry = try ledger.newest(matching: query, archivedSince: since) else { throw .notFound }
        event.agent = entry.terms.agent.flatMap { AgentID($0) }
        event.owner = entry.terms.owner.flatMap { OwnerID($0) }
        event.resource = entry.terms.resource
        event.task = entry.terms.task
        event.trace = entry.terms.trace
    }
}
