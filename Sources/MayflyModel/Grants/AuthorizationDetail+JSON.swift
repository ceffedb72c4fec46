extension AuthorizationDetail {
    /// Reads one object, refusing an unknown type, an unknown member, and a value of another shape than its type
    /// declares (RFC 9396 §5); when `complete`, a missing member too.
    ///
    /// `index` is the object's place in its array, for the error only.
    package static func parse(
        _ json: JSONValue, schemas: [DetailSchema], completeness: Completeness, index: Int = 0
    ) throws(NarrowingError) -> AuthorizationDetail {
        guard case .object(let object) = json, let type = object["type"]?.stringValue else {
            throw .detailsMalformed(index: index, member: nil)
        }
        guard let schema = schemas.first(where: { JSONObject.same($0.type, type) }) else {
            throw .detailsUnknownType(index: index)
        }
        for name in object.names where !JSONObject.same(name, "type") && schema.member(named: name) == nil {
            throw .detailsUnknownMember(index: index)
        }
        var values: [MemberValue?] = []
        for member in schema.members {
            guard let json = object[member.name] else {
                guard completeness == .partial else { throw .detailsMissingMember(index: index, member: member.name) }
                values.append(nil)
                continue
            }
            guard let value = MemberValue.read(json, as: member) else {
                throw .detailsMalformed(index: index, member: member.name)
            }
            values.append(value)
        }
        return AuthorizationDetail(schema: schema, values: values)
    }

    /// The canonical object: `type`, then the stated members by name.
    package var json: JSONValue {
        var object: JSONObject = ["type": .string(type)]
        for (name, value) in members { object.appendUnchecked(name: name, value: value.json) }
        return .object(object)
    }

    package func writeJSON(into writer: inout JSONWriter) {
        writer.value(json)
    }
}
