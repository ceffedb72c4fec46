import MayflyBroker
import MayflyModel

/// A page of a listing, ordered by id; the cursor is the last id that was shown.
enum Page {
    static let defaultSize = 100
    static let maximumSize = 500

    static func reply(
        _ request: HTTPRequest, name: String, records: [(id: String, json: JSONObject)]
    ) throws(Failure) -> HTTPReply {
        let sorted = records.sorted { $0.id < $1.id }
        return try reply(request, name: name, sorted: sorted, place: \.id, show: \.json)
    }

    /// A page of records that are in the order of their places; only what is on the page is written.
    static func reply<R>(
        _ request: HTTPRequest, name: String, sorted: [R], place: (R) -> String, show: (R) -> JSONObject
    ) throws(Failure) -> HTTPReply {
        let size = try size(request)
        let cursor = try query("cursor", request)
        let rest = cursor.map { after in sorted.drop { place($0) <= after } } ?? sorted[...]
        let page = rest.prefix(size)
        var object: JSONObject = [name: .array(page.map { .object(show($0)) })]
        if rest.count > page.count, let last = page.last { object["next_cursor"] = .string(place(last)) }
        return AdminReply.object(object)
    }

    /// A page that was cut out of its listing already.
    static func reply<R: Record>(
        name: String, _ page: Listing<R>, show: (R) -> (id: String, json: JSONObject)
    ) -> HTTPReply {
        let shown = page.records.map(show)
        var object: JSONObject = [name: .array(shown.map { .object($0.json) })]
        if page.hasMore, let last = shown.last { object["next_cursor"] = .string(last.id) }
        return AdminReply.object(object)
    }

    /// Sorts by age; twenty digits hold any time.
    static func place(_ time: Timestamp, _ id: String) -> String {
        let digits = String(max(0, time.milliseconds))
        return String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits + "." + id
    }

    static func size(_ request: HTTPRequest) throws(Failure) -> Int {
        guard let text = try query("limit", request) else { return defaultSize }
        guard let size = Int(text), (1...maximumSize).contains(size) else {
            throw .badQuery("limit is a number from 1 to \(maximumSize)")
        }
        return size
    }

    /// The one value of a kind that is asked for; nil when none is.
    static func choice<T: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ kind: T.Type, _ request: HTTPRequest
    ) throws(Failure) -> T? {
        guard let text = try query(name, request) else { return nil }
        guard let value = T(rawValue: text) else {
            throw .badQuery("\(name) is one of: " + T.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }

    static func query(_ name: String, _ request: HTTPRequest) throws(Failure) -> String? {
        do {
            return try request.query.value(name)
        } catch {
            throw .badQuery("\(name) is given more than once")
        }
    }
}
