package import MayflyBroker

/// How long requests took, by endpoint, method and status.
///
/// A histogram is made when the first request of its kind ends. From then on noting a request is three loads and two
/// atomic additions: no lock, no look-up by text.
package final class RequestDurations: Sendable {
    /// The place of requests that match no endpoint, or none that takes their method.
    package static let noRoute = -1
    /// Nanoseconds: OpenTelemetry's for `http.server.request.duration`, 5 ms to 10 s, and below them down to 100 µs,
    /// within which memory answers.
    package static let bounds: [UInt64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 75_000_000,
        100_000_000, 250_000_000, 500_000_000, 750_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 7_500_000_000,
        10_000_000_000,
    ]

    /// One kind of request, and what was seen of it.
    package struct Series: Sendable {
        /// Nil for `noRoute`.
        package let route: Int?
        package let method: HTTPMethod
        /// Nil for a status that is not on the list of those that Mayfly answers.
        package let status: Int?
        package let reading: Histogram.Reading
    }

    private final class Statuses: Sendable {
        let histograms: [32 of OnceReference<Histogram>] = InlineArray { _ in OnceReference() }
    }

    private final class Methods: Sendable {
        let statuses: [10 of OnceReference<Statuses>] = InlineArray { _ in OnceReference() }
    }

    /// The statuses that Mayfly answers, or could one day; the last place is for any other.
    private static let statuses = [
        200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422,
        428,
        429, 431, 500, 501, 502, 503, 504, 505,
    ]

    /// By endpoint, the first for none.
    private let rows: [Methods]
    /// The place of each status below 600.
    private let places: [UInt8]

    /// Takes the number of endpoints.
    package init(routes: Int) {
        rows = (0...routes).map { _ in Methods() }
        let other = UInt8(Self.statuses.count)
        places = (0..<600).map { status in Self.statuses.firstIndex(of: status).map { UInt8($0) } ?? other }
    }

    /// Notes a request that took that many nanoseconds.
    package func note(route: Int, method: HTTPMethod, status: Int, nanoseconds: UInt64) {
        let row = rows[rows.indices.contains(route + 1) ? route + 1 : 0]
        let place = places.indices.contains(status) ? Int(places[status]) : Self.statuses.count
        let statuses = row.statuses[method.rawValue].value(orMake: { Statuses() })
        let histogram = statuses.histograms[place].value(orMake: { Histogram(bounds: Self.bounds) })
        histogram.observe(nanoseconds)
    }

    /// Every kind of request that there has been, in a fixed order.
    package var series: [Series] {
        var series: [Series] = []
        for (index, row) in rows.enumerated() {
            for method in HTTPMethod.allCases {
                guard let statuses = row.statuses[method.rawValue].value else { continue }
                for place in 0...Self.statuses.count {
                    guard let histogram = statuses.histograms[place].value else { continue }
                    series.append(
                        Series(
                            route: index == 0 ? nil : index - 1, method: method,
                            status: place < Self.statuses.count ? Self.statuses[place] : nil,
                            reading: histogram.reading))
                }
            }
        }
        return series
    }
}
