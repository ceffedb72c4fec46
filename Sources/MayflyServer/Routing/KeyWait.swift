import MayflyBroker

/// Looks at what a provider vouches for.
///
/// Where its keys must be fetched first the request waits parked, and is looked at once more when they have come or
/// not.
enum KeyWait {
    /// Goes on with what `look` finds; `refused` gets why there is nothing, nil when the keys cannot be had.
    static func run<Answer, Refusal>(
        _ broker: Broker, look: @escaping @Sendable () throws(Refusal) -> Vouched<Answer>,
        found: @escaping @Sendable (Answer) -> HTTPOutcome,
        refused: @escaping @Sendable (Refusal?) -> HTTPOutcome
    ) -> HTTPOutcome {
        do throws(Refusal) {
            switch try look() {
            case .found(let answer): return found(answer)
            case .needsKeys(let provider):
                return .parked { parked in
                    let isWaiting = broker.providerKeys.whenFetched(provider) {
                        finish(parked, with: again(look, found, refused))
                    }
                    if !isWaiting { finish(parked, with: refused(nil)) }
                }
            }
        } catch {
            return refused(error)
        }
    }

    private static func again<Answer, Refusal>(
        _ look: () throws(Refusal) -> Vouched<Answer>, _ found: (Answer) -> HTTPOutcome,
        _ refused: (Refusal?) -> HTTPOutcome
    ) -> HTTPOutcome {
        do throws(Refusal) {
            guard case .found(let answer) = try look() else { return refused(nil) }
            return found(answer)
        } catch {
            return refused(error)
        }
    }

    private static func finish(_ parked: ParkedReply, with outcome: HTTPOutcome) {
        switch outcome {
        case .reply(let reply): parked.finish(reply)
        case .parked(let begin): begin(parked)
        }
    }
}
