import MayflyModel

/// Authorization details keep the laws of narrowing, whatever was sent.
enum DetailsCheck {
    /// One type with every order and unit, and one that a request may confuse with it.
    private static let schemas: [DetailSchema] = require("a constant is made") {
        let members: [DetailMember?] = [
            DetailMember(name: "actions", order: .set), DetailMember(name: "currency", order: .exact, unit: .text),
            DetailMember(name: "version", order: .exact, unit: .integer),
            DetailMember(name: "rows", order: .max, unit: .integer),
            DetailMember(name: "rate", order: .max, unit: .decimal),
            DetailMember(name: "amount", order: .max, unit: .money),
            DetailMember(name: "age", order: .min, unit: .integer), DetailMember(name: "place", order: .path),
            DetailMember(name: "read_only", order: .flag),
        ]
        let small = [DetailMember(name: "actions", order: .set), DetailMember(name: "place", order: .path)]
        return [
            try DetailSchema(type: "payment", members: members.compactMap(\.self)),
            try DetailSchema(type: "ticket", members: small.compactMap(\.self)),
        ]
    }

    static func run(_ bytes: [UInt8]) {
        guard let objects = (try? JSONParser.parse(bytes))?.arrayValue else { return }
        for object in objects {
            checkPartial(object)
            checkLimits(object)
        }
        guard let set = try? DetailSet.parse(objects, schemas: schemas) else { return }
        checkCanonical(set)
        let half = objects.count / 2
        guard let left = try? DetailSet.parse(Array(objects[..<half]), schemas: schemas),
            let right = try? DetailSet.parse(Array(objects[half...]), schemas: schemas)
        else { return }
        checkOrder(left, right)
        checkAttenuation(objects, left)
    }

    private static func checkPartial(_ object: JSONValue) {
        guard let detail = try? AuthorizationDetail.parse(object, schemas: schemas, completeness: .partial) else {
            return
        }
        let again = require("a written detail is read again") {
            try AuthorizationDetail.parse(detail.json, schemas: schemas, completeness: .partial)
        }
        require(again == detail, "a detail survives being written")
        require(detail.isWithin(detail), "a detail is within itself")
        let complete = try? AuthorizationDetail.parse(object, schemas: schemas, completeness: .complete)
        require((complete != nil) == detail.isComplete, "a complete detail states every member")
    }

    private static func checkLimits(_ object: JSONValue) {
        guard let limits = (try? Limits.Request(object))?.limits else { return }
        let again = require("written limits are read again") { try Limits.Request(limits.json).limits }
        require(again == limits, "limits survive being written")
        require(JSONWriter.bytes(of: again.json) == JSONWriter.bytes(of: limits.json), "limits are written one way")
        require(limits.isWithin(limits) && limits.isWithin(.none), "limits are within themselves and within none")
        require(limits.meet(limits) == limits, "the meet of limits with themselves changes nothing")
    }

    private static func checkCanonical(_ set: DetailSet) {
        require(set.count <= DetailSet.maximumCount, "details are bounded")
        let again = require("a written set is read again") {
            try DetailSet.parse(set.json.arrayValue ?? [], schemas: schemas)
        }
        require(again == set, "a set survives being written")
        require(JSONWriter.bytes(of: again.json) == JSONWriter.bytes(of: set.json), "a set is written one way")
        for (index, detail) in set.details.enumerated() {
            let others = set.details.enumerated().filter { $0.offset != index }
            require(!others.contains { detail.isWithin($0.element) }, "no detail lies within another")
        }
    }

    private static func checkOrder(_ left: DetailSet, _ right: DetailSet) {
        require(left.isWithin(left), "a set is within itself")
        require(!(left.isWithin(right) && right.isWithin(left)) || left == right, "the order is antisymmetric")
        if let meet = try? left.meet(right) {
            require(meet.isWithin(left) && meet.isWithin(right), "a meet is within both")
            require(!left.isWithin(right) || meet == left, "the meet with a wider set changes nothing")
            require((try? right.meet(left)) == meet, "a meet has no direction")
        }
        if let union = try? left.union(right) {
            require(left.isWithin(union) && right.isWithin(union), "both are within their union")
        }
    }

    private static func checkAttenuation(_ objects: [JSONValue], _ bound: DetailSet) {
        guard let resource = ResourceURL("https://tool.example") else { return }
        let parent = Grant(resource: resource, scopes: ScopeSet(), details: bound)
        let request = GrantRequest(resource: resource, details: objects)
        guard let child = try? Grant.attenuate(request, within: parent, schemas: schemas) else { return }
        require(child.isWithin(parent), "nothing widens")
    }
}
