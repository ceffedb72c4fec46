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
    }

    private let broker: Broker
    private let asker: VerificationService.Asker
    /// A question that cannot be read is answered in its place and spoils no other (AuthZEN §7).
    private let evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>]
    private let options: EvaluationEndpoint.Options
    private let isList: Bool
    private let requestID: String?
    private let progress = Mutex(Progress())

    init(
        broker: Broker, asker: VerificationService.Asker,
        evaluations: [Result<Evaluation, EvaluationEndpoint.Refusal>], options: EvaluationEndpoint.Options,
        isList: Bool, requestID: String?
    ) {
        self.broker = broker
        self.asker = asker
        self.evaluations = evaluations
        self.options = options
        self.isList = isList
        self.requestID = requestID
    }

    /// Decides the questions, and answers when that is done.
    func start(into parked: ParkedReply) {
        guard options.semantic == .executeAll else { return next(into: parked) }
        progress.withLock { progress in
            progress.answers = Array(repeating: nil, count: evaluations.count)
            progress.open = evaluations.count
        }
        for (index, evaluation) in evaluations.enumerated() {
            decide(evaluation, into: parked) { self.place($0, at: index, into: parked) }
        }
    }

    /// Decides the next question, or answers when none is left.
    private func next(into parked: ParkedReply) {
        let evaluation = progress.withLock { progress -> Result<Evaluation, EvaluationEndpoint.Refusal>? in
            guard evaluations.indices.contains(progress.index) else { return nil }
            defer { progress.index += 1 }
            return evaluations[progress.index]
        }
        guard let evaluation else { return finish(parked) }
        decide(evaluation, into: parked) { self.take($0, into: parked) }
    }

    /// Hands the answer to one question on; a decision that could not be written down ends the whole request.
    private func decide(
        _ evaluation: Result<Evaluation, EvaluationEndpoint.Refusal>, into parked: ParkedReply,
        _ body: @escaping @Sendable (EvaluationReply.Answer) -> Void
    ) {
        switch evaluation {
        case .failure(let refusal): body(.refused(refusal))
        case .success(let evaluation):
            broker.verification.decide(
                evaluation.question, token: evaluation.token, for: asker, asksPeople: options.asksPeople
            ) { result in
                switch result {
                case .failure(let error): parked.finish(EvaluationReply.failure(error))
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
        let answers = progress.withLock { $0.answers.compactMap { $0 } }
        parked.finish(
            EvaluationReply.answers(
                answers, isList: isList, requestID: requestID, issuer: broker.settings.issuer))
    }
}
