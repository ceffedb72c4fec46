import Dispatch
import MayflyBroker
import MayflyClient

/// Fetches for the broker what identity providers publish, each document on a thread of its own.
///
/// `ProviderKeys` bounds how many are under way. Nobody waits for one at a stop: it ends within seconds, and what it
/// brings is for nobody then.
struct ProviderFetcher: KeySetFetcher {
    private static let queue = DispatchQueue(label: "providers", attributes: .concurrent)

    let transport: KeySetTransport

    func fetch(
        _ url: String, _ completion: @escaping @Sendable (Result<FetchedDocument, FetchFault>) -> Void
    ) {
        let transport = transport
        Self.queue.async { completion(Self.fetch(url, over: transport)) }
    }

    private static func fetch(_ url: String, over transport: KeySetTransport) -> Result<FetchedDocument, FetchFault> {
        let answer: ClientAnswer
        do throws(ClientError) {
            answer = try transport.get(url)
        } catch {
            return .failure(fault(error))
        }
        guard !(300...399).contains(answer.status) else { return .failure(.redirected) }
        guard answer.status == 200 else { return .failure(.status) }
        return .success(
            FetchedDocument(bytes: answer.body, maximumAge: answer.header("Cache-Control").flatMap(maximumAge)))
    }

    /// The `max-age` of a Cache-Control header; 0 where nothing may be kept (RFC 9111 §5.2).
    static func maximumAge(_ header: String) -> Int64? {
        var age: Int64?
        for part in header.lowercased().split(separator: ",") {
            let directive = part.drop { $0 == " " || $0 == "\t" }
            if directive.hasPrefix("no-store") || directive.hasPrefix("no-cache") { return 0 }
            if directive.hasPrefix("max-age="), let seconds = Int64(directive.dropFirst(8).prefix { $0 != " " }) {
                age = max(0, seconds)
            }
        }
        return age
    }

    private static func fault(_ error: ClientError) -> FetchFault {
        switch error {
        case .invalidURL, .plainHTTP, .invalidInput: .invalidURL
        case .timedOut: .timedOut
        case .untrusted: .untrusted
        case .answerTooLarge: .tooLarge
        case .localAddress: .localAddress
        case .unreachable, .unexpectedAnswer, .issuerMismatch, .refused, .keyFile, .cryptography: .unreachable
        }
    }
}
