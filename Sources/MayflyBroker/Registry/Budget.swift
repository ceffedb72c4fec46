package import MayflyModel

/// What is spent of the limits that one token brought in, by it and by everything below it.
///
/// A token has a budget of its own when its spendable limits are not its parent's; a tree of tokens that inherit them
/// shares one.
package struct Budget: Record, Equatable {
    /// Reservations of one budget that may be open at a time.
    ///
    /// What is spent past it is spent for good, so that memory stays bounded.
    package static let maximumReservations: Int64 = 256

    /// The `jti` of the token that brought the limits in.
    package let id: String
    package let resource: ResourceName
    /// The members that are used up, alone.
    package let limits: Limits
    package internal(set) var calls: Int64 = 0
    /// In the limit's currency.
    package internal(set) var cost = DecimalNumber.zero
    package internal(set) var records: Int64 = 0
    /// Reservations that may still give something back.
    package internal(set) var openReservations: Int64 = 0
    /// When the token has expired, and with it everything below.
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.budget
    package static func key(of id: String) -> [UInt8] { Array(id.utf8) }

    init(id: String, resource: ResourceName, limits: Limits, expires: Timestamp) {
        (self.id, self.resource, self.limits, self.expires) = (id, resource, limits, expires)
    }
}

extension Budget {
    package var stored: JSONObject {
        [
            "jti": .string(id), "resource": .string(resource.text), "limits": limits.json, "calls": .integer(calls),
            "cost": .string(cost.text), "records": .integer(records), "open": .integer(openReservations),
            "expires": .integer(expires.milliseconds),
        ]
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.string("jti", maximum: TokenID.maximumLength)
        resource = try fields.identifier("resource")
        guard let json = fields.take("limits"), let request = try? Limits.Request(json) else {
            throw fields.failure("limits", .invalid(rule: "an object of limits"))
        }
        limits = request.limits
        calls = try fields.integer("calls", in: 0...Int64.max)
        guard let spent = DecimalNumber.readingSum(try fields.string("cost")) else {
            throw fields.failure("cost", .invalid(rule: "a decimal number"))
        }
        cost = spent
        records = try fields.integer("records", in: 0...Int64.max)
        openReservations = try fields.integer("open", in: 0...Self.maximumReservations)
        expires = Timestamp(milliseconds: try fields.integer("expires", in: 0...Int64.max))
        try fields.finish()
    }
}
