internal import Glibc
import MayflyBroker
import MayflyClient
import MayflyConfig
import MayflyServer

/// The couriers of a running broker, one for each place that the configuration names.
final class NoticeService {
    private let desk: NoticeDesk
    private var couriers: [NoticeCourier] = []

    init(_ desk: NoticeDesk) {
        self.desk = desk
    }

    /// Checks what the file says of notices, beyond its form: that events exist, secrets can be read and
    /// programs can be run.
    static func transports(_ config: BrokerConfig) throws(CommandError) -> [any NoticeTransport] {
        var transports: [any NoticeTransport] = []
        for notice in config.notices {
            if let unknown = notice.events.firstIndex(where: { !NoticeRoute.isKnown($0) }) {
                throw .failed(
                    "notices: event \(unknown + 1) of \(notice.name) is not one that the ledger has",
                    next: "docs/design.md names them under Ledger; one may end in a star: approval.*")
            }
            transports.append(try transport(notice))
        }
        return transports
    }

    /// Ends the couriers that run, and starts those of `config`, whose transports these are.
    func start(_ config: BrokerConfig, _ transports: [any NoticeTransport]) throws(CommandError) {
        stop()
        desk.forgetOthers()
        for (notice, transport) in zip(config.notices, transports) {
            do {
                couriers.append(try NoticeCourier(notice.route, desk: desk, transport: transport))
            } catch {
                throw .failed(
                    "notices cannot be sent: \(error)", next: "raise the limits of open files and threads")
            }
        }
    }

    /// Ends them; what was not taken is tried again after the next start.
    func stop() {
        desk.removeListeners()
        for courier in couriers { courier.cancel() }
        for courier in couriers { courier.stop() }
        couriers = []
    }

    private static func transport(_ notice: NoticeConfig) throws(CommandError) -> any NoticeTransport {
        switch notice.target {
        case .command(let words):
            guard let program = words.first, access(program, X_OK) == 0 else {
                throw .failed(
                    "notices: the program of \(notice.name) cannot be run",
                    next: "correct the path in run, or make the file executable")
            }
            return CommandHook(words)
        case .webhook(let url, let file):
            do {
                return WebhookHook(try WebhookTransport(url: url, secret: try WebhookSecret(file: file)))
            } catch {
                throw .failed(
                    "notices: \(notice.name) cannot be used: \(error)",
                    next: "correct url and secret_file in mayfly.yaml")
            }
        }
    }
}

/// A webhook's transport, in the words of a courier.
struct WebhookHook: NoticeTransport {
    private let transport: WebhookTransport

    init(_ transport: WebhookTransport) {
        self.transport = transport
    }

    func deliver(_ letter: NoticeDesk.Letter, at now: Int64, milliseconds: Int) -> NoticeReception {
        let status = try? transport.post(letter.body, id: letter.id, timestamp: now, milliseconds: milliseconds)
        return switch status {
        case .some(200...299): .taken
        // The receiver has looked at this message and says that it never will; for every other answer it may yet.
        case 400, 410, 413, 422: .refused
        default: .failed
        }
    }

    func cancel() { transport.cancel() }
}

extension NoticeConfig {
    /// What the broker needs to know of it.
    var route: NoticeRoute {
        var route = NoticeRoute(name: name, events: events)
        route.agents = Set(agents)
        route.owners = Set(owners)
        route.resources = Set(resources)
        route.tiers = Set(tiers.map { Int(clamping: $0) })
        route.keep = keep
        return route
    }
}
