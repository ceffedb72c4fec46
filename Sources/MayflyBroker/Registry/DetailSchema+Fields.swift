import MayflyModel

extension DetailSchema {
    /// `{"type": T, "members": {NAME: {"order": O, "unit": U}}}`; the unit may be left out where only one fits.
    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [DetailSchema] {
        var schemas: [DetailSchema] = []
        for (value, path) in try fields.values(name, maximumCount: RegistryLimits.typesPerResource) ?? [] {
            var reader = try FieldReader(value, path: path)
            let type = try reader.string("type", maximum: 64)
            guard !schemas.contains(where: { $0.type.utf8.elementsEqual(type.utf8) }) else {
                throw reader.failure("type", .duplicate)
            }
            guard let members = reader.take("members")?.objectValue else { throw reader.failure("members", .missing) }
            var parsed: [DetailMember] = []
            for member in members.members {
                var inner = try FieldReader(member.value, path: path.member("members").member(member.name))
                let order = try inner.required("order", try inner.choice("order", MemberOrder.self))
                let unit = try inner.choice("unit", MemberUnit.self)
                try inner.finish()
                guard let known = DetailMember(name: member.name, order: order, unit: unit) else {
                    throw inner.failure("order", .invalid(rule: "a member name of a-z 0-9 _, and a unit that fits"))
                }
                parsed.append(known)
            }
            try reader.finish()
            do {
                schemas.append(try DetailSchema(type: type, members: parsed))
            } catch .reservedType {
                throw reader.failure("type", .invalid(rule: "the type \(Limits.type) is Mayfly's own"))
            } catch {
                throw reader.failure("members", .invalid(rule: "1 to 32 members, each named once"))
            }
        }
        return schemas
    }

    var json: JSONObject {
        var object = JSONObject()
        for member in members {
            var rule: JSONObject = ["order": .string(member.order.rawValue)]
            rule["unit"] = member.unit.map { .string($0.rawValue) }
            object[member.name] = .object(rule)
        }
        return ["type": .string(type), "members": .object(object)]
    }
}
