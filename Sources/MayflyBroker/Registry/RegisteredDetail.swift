package import MayflyModel

/// One authorization detail as the registry holds it: the object, and the resource whose type it has.
///
/// It is kept as it was written and read against the resource's schema when it is used, so a schema that no longer
/// knows it makes it worth nothing.
package struct RegisteredDetail: Equatable, Sendable {
    package let resource: ResourceName
    /// Without the `resource` member.
    package let object: JSONObject

    package var json: JSONValue {
        var full: JSONObject = ["resource": .string(resource.text)]
        for member in object.members { full[member.name] = member.value }
        return .object(full)
    }

    /// Reads the array member `name`; absent means none.
    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [RegisteredDetail] {
        var details: [RegisteredDetail] = []
        for (value, path) in try fields.values(name, maximumCount: RegistryLimits.detailsPerRecord) ?? [] {
            guard var object = value.objectValue else {
                throw FieldError(path: path, problem: .wrongType(expected: "an object"))
            }
            var reader = FieldReader(object, path: path)
            let resource: ResourceName = try reader.identifier("resource")
            object["resource"] = nil
            details.append(RegisteredDetail(resource: resource, object: object))
        }
        return details
    }
}
