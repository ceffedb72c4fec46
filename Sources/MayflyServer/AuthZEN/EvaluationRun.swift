import MayflyBroker
import MayflyModel
import MayflyPolicy
import Synchronization

/// Works through the questions of one request.
///
/// Where an answer may end the run, each is decided and written down before the next. Otherwise all go to the writer at
/// once, in order, and share a commit.
final class EvaluationRun: Sendable {
    private struct Progress {
        var index = 0
        var answers: [EvaluationReply.Answer?] = []
        /// Questions that are not answered yet, when all were asked at once.
        var open = 0
        /// What became of the proofs that came with several questions, by the question's place.
        var possessions: [Int: Possession] = [:]
    }

    private let broker: Broker
    private let asker: VerificationService.Asker
    /// A question that cannot be read is answered in its place and spoils no other (AuthZEN §7).
    private let evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>]
    private let options: EvaluationEndpoint.Options
    private let isList: Bool
    private let requestID: EvaluationReply.RequestID
    private let progress = Mutex(Progress())

    init(
        broker: Broker, asker: VerificationService.Asker,
        evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>], options: EvaluationEndpoint.Options,
        isList: Bool, requestID: EvaluationReply.RequestID
    ) {
        self.broker = broker
        self.asker = asker
        self.evaluations = evaluations
        self.options = options
        self.isList = isList
        self.requestID = requestID
    }

    /// Uses up the proof of who asks, and the proofs of possession where one may go with several questions.
    ///
    /// That of a single question is used up in the commit of its decision.
    func prepare(
        as client: AuthenticatedClient, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void
    ) {
        guard evaluations.count > 1 else { return broker.consume(client, completion) }
        let shown = evaluations.enumerated().compactMap { index, evaluation in
            (try? evaluation.get()).flatMap { question in question.proof.map { (index, question.token, $0) } }
        }
        guard !shown.isEmpty else { return broker.consume(client, completion) }
        broker.verification.use(shown.map { ($0.1, $0.2) }, for: asker, as: client) { [self] result in
            completion(
                result.map { possessions in
                    progress.withLock { progress in
                        for (place, possession) in zip(shown, possessions) {
                            progress.possessions[place.0] = possession
                        }
                    }
                })
        }
    }

    /// Decides the questions, and answers when that is done.
    func start(into parked: ParkedReply) {
        // Nearly every request: there is nothing to gather, and no answer that could end the run before the next.
        if let only = evaluations.first, evaluations.count == 1 {
            return decide(only, at: 0, into: parked) { self.answer([$0], to: parked) }
        }
        guard options.semantic == .executeAll else { return next(into: parked) }
        progress.withLock { progress in
            progress.answers = Array(repeating: nil, count: evaluations.count)
            progress.open = evaluations.count
        }
        for (index, evaluation) in evaluations.enumerated() {
            decide(evaluation, at: index, into: parked) { self.place($0, at: index, into: parked) }
        }
    }

    /// Decides the next question, or answers when none is left.
    private func next(into parked: ParkedReply) {
        let index = progress.withLock { progress -> Int in
            defer { progress.index += 1 }
            return progress.index
        }
        guard evaluations.indices.contains(index) else { return finish(parked) }
        decide(evaluations[index], at: index, into: parked) { self.take($0, into: parked) }
    }

    /// Hands the answer to one question on; a decision that could not be written down ends the whole request.
    private func decide(
        _ evaluation: Result<Evaluation, EvaluationEndpoint.Refusal>, at index: Int, into parked: ParkedReply,
        _ body: @escaping @Sendable (EvaluationReply.Answer) -> Void
    ) {
        switch evaluation {
        case .failure(let refusal): body(.refused(refusal))
        case .success(let evaluation):
            let used = evaluation.proof == nil ? nil : progress.withLock { $0.possessions[index] }
            broker.verification.decide(
                evaluation.question, token: evaluation.token,
                possession: used ?? evaluation.proof.map { .shown($0) } ?? .notShown,
                certificate: evaluation.certificate,
                for: asker,
                asksPeople: options.asksPeople
            ) { [requestID] result in
                switch result {
                case .failure(let error): parked.finish(requestID.on(EvaluationReply.failure(error)))
                case .success(let ruling): body(.decided(ruling))
                }
            }
        }
    }

    private func place(_ answer: EvaluationReply.Answer, at index: Int, into parked: ParkedReply) {
        let isLast = progress.withLock { progress in
            guard progress.answers.indices.contains(index) else { return false }
            progress.answers[index] = answer
            progress.open -= 1
            return progress.open == 0
        }
        if isLast { finish(parked) }
    }

    private func take(_ answer: EvaluationReply.Answer, into parked: ParkedReply) {
        progress.withLock { $0.answers.append(answer) }
        if options.semantic.stops(after: answer.isAllowed) {
            finish(parked)
        } else {
            next(into: parked)
        }
    }

    private func finish(_ parked: ParkedReply) {
        answer(progress.withLock { $0.answers.compactMap { $0 } }, to: parked)
    }

    private func answer(_ answers: [EvaluationReply.Answer], to parked: ParkedReply) {
        parked.finish(making: { [self] in
            EvaluationReply.answers(
                answers, isList: isList, requestID: requestID, issuer: broker.settings.issuer)
        })
    }
}
