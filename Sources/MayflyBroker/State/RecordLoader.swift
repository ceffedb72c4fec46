import Dispatch
import MayflyModel
import Synchronization

/// A stored record, read.
enum LoadedRecord: Sendable {
    case setting(Setting)
    case admin(Admin)
    case owner(Owner)
    case role(Role)
    case resource(Resource)
    case agent(Agent)
    case code(EnrolmentCode)
    case signingKey(SigningKeyRecord)
    case revocation(Revocation)
    case archive(LedgerArchive)
    case policy(PolicyVersion)
    case budget(Budget)
    case reservation(Reservation)
    case approval(ApprovalRequest)
    case supervision(Supervision)
    case notice(Notice)
    case behaviour(BehaviourRecord)
    case quota(QuotaUse)
    case provider(Provider)
    case person(Person)

    init(_ record: StoredRecord, sharing shared: inout SharedValues) throws(FieldError) {
        let object: JSONObject
        do {
            object = try JSONParser.parseObject(record.value)
        } catch {
            throw FieldError(path: .root, problem: .invalid(rule: "a stored record is a JSON object"))
        }
        switch record.key.kind {
        case .setting: self = .setting(try Setting(stored: object))
        case .admin: self = .admin(try Admin(stored: object))
        case .owner: self = .owner(try Owner(stored: object))
        case .role: self = .role(try Role(stored: object))
        case .resource: self = .resource(try Resource(stored: object))
        case .agent: self = .agent(try Agent(stored: object, sharing: &shared))
        case .enrolmentCode: self = .code(try EnrolmentCode(stored: object))
        case .signingKey: self = .signingKey(try SigningKeyRecord(stored: object))
        case .revocation: self = .revocation(try Revocation(stored: object))
        case .archive: self = .archive(try LedgerArchive(stored: object))
        case .policy: self = .policy(try PolicyVersion(stored: object))
        case .budget: self = .budget(try Budget(stored: object))
        case .reservation: self = .reservation(try Reservation(stored: object))
        case .approval: self = .approval(try ApprovalRequest(stored: object))
        case .supervision: self = .supervision(try Supervision(stored: object))
        case .notice: self = .notice(try Notice(stored: object))
        case .behaviour: self = .behaviour(try BehaviourRecord(stored: object))
        case .quota: self = .quota(try QuotaUse(stored: object))
        case .provider: self = .provider(try Provider(stored: object))
        case .person: self = .person(try Person(stored: object))
        }
    }
}

extension LoadedRecord {
    /// The change that put the record where it is.
    var change: Change {
        switch self {
        case .setting(let record): .setting(record)
        case .admin(let record): .admin(record)
        case .owner(let record): .owner(record)
        case .role(let record): .role(record)
        case .resource(let record): .resource(record)
        case .agent(let record): .agent(record)
        case .code(let record): .code(record)
        case .signingKey(let record): .signingKey(record)
        case .revocation(let record): .revocation(record)
        case .archive(let record): .archive(record)
        case .policy(let record): .policy(record)
        case .budget(let record): .budget(record)
        case .reservation(let record): .reservation(record)
        case .approval(let record): .approval(record)
        case .supervision(let record): .supervision(record)
        case .notice(let record): .notice(record)
        case .behaviour(let record): .behaviour(record)
        case .quota(let record): .quota(record)
        case .provider(let record): .provider(record)
        case .person(let record): .person(record)
        }
    }
}

/// Reads stored records into tables, on all processors: reading a large registry is most of a start.
///
/// Records come one at a time, are gathered, and then read side by side, so that no more than one gathering of them is
/// in memory as text.
struct RecordLoader {
    /// Readers that work side by side; there may be fewer processors.
    private static let laneCount = 4
    /// Records that one reader reads at a time.
    private static let laneSize = 512

    /// What one reader works on.
    private struct Lane: Sendable {
        var records: [StoredRecord] = []
        var shared = SharedValues()
        var loaded: Result<[LoadedRecord], FieldError> = .success([])

        mutating func read() {
            do throws(FieldError) {
                var output: [LoadedRecord] = []
                output.reserveCapacity(records.count)
                for record in records { output.append(try LoadedRecord(record, sharing: &shared)) }
                loaded = .success(output)
            } catch {
                loaded = .failure(error)
            }
            records.removeAll(keepingCapacity: true)
        }
    }

    private(set) var tables = Tables()
    /// The first record that could not be read; nothing is read after it.
    private(set) var failure: FieldError?
    private var lanes = [Lane](repeating: Lane(), count: laneCount)
    private var current = 0

    mutating func add(_ record: StoredRecord) {
        guard failure == nil else { return }
        lanes[current].records.append(record)
        guard lanes[current].records.count == Self.laneSize else { return }
        current += 1
        if current == Self.laneCount { finish() }
    }

    /// Reads what was gathered last.
    mutating func finish() {
        current = 0
        let work = Mutex(lanes)
        lanes = []
        // The lock is held to take a lane out and to put it back, never while it is read.
        DispatchQueue.concurrentPerform(iterations: Self.laneCount) { index in
            var lane = work.withLock { lanes in
                defer { lanes[index] = Lane() }
                return lanes[index]
            }
            guard !lane.records.isEmpty else { return }
            lane.read()
            work.withLock { $0[index] = lane }
        }
        lanes = work.withLock { lanes in
            defer { lanes = [] }
            return lanes
        }
        for index in lanes.indices {
            switch lanes[index].loaded {
            case .success(let records): for record in records { tables.load(record) }
            case .failure(let error): failure = failure ?? error
            }
            lanes[index].loaded = .success([])
        }
    }
}
