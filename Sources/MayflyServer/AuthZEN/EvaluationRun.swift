import MayflyBroker
import MayflyModel
import MayflyPolicy
import Synchronization

/// Works through the questions of one request in order, each decided and written down before the next.
final class EvaluationRun: Sendable {
    private struct Progress {
        var index = 0
        var answers: [EvaluationReply.Answer] = []
    }

    private let broker: Broker
    private let asker: VerificationService.Asker
    /// A question that cannot be read is answered in its place and spoils no other (AuthZEN §7).
    private let evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>]
    private let semantic: EvaluationEndpoint.Semantic
    private let isList: Bool
    private let requestID: String?
    private let progress = Mutex(Progress())

    init(
        broker: Broker, asker: VerificationService.Asker,
        evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>], semantic: EvaluationEndpoint.Semantic,
        isList: Bool, requestID: String?
    ) {
        self.broker = broker
        self.asker = asker
        self.evaluations = evaluations
        self.semantic = semantic
        self.isList = isList
        self.requestID = requestID
    }

    /// Decides the next question, or answers when none is left.
    func next(into parked: ParkedReply) {
        let evaluation = progress.withLock { progress -> Result<Evaluation, EvaluationEndpoint.Refusal>? in
            guard evaluations.indices.contains(progress.index) else { return nil }
            defer { progress.index += 1 }
            return evaluations[progress.index]
        }
        switch evaluation {
        case nil: finish(parked)
        case .failure(let refusal): take(.refused(refusal), into: parked)
        case .success(let evaluation):
            broker.verification.decide(evaluation.question, token: evaluation.token, for: asker) { result in
                switch result {
                case .failure(let error): parked.finish(EvaluationReply.failure(error))
                case .success(let decision): self.take(.decided(decision), into: parked)
                }
            }
        }
    }

    private func take(_ answer: EvaluationReply.Answer, into parked: ParkedReply) {
        progress.withLock { $0.answers.append(answer) }
        if semantic.stops(after: answer.isAllowed) {
            finish(parked)
        } else {
            next(into: parked)
        }
    }

    private func finish(_ parked: ParkedReply) {
        let answers = progress.withLock { $0.answers }
        parked.finish(EvaluationReply.answers(answers, isList: isList, requestID: requestID))
    }
}
