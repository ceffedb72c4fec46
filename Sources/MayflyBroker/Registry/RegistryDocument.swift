package import MayflyModel

/// A whole registry as a file or a request states it: owners, resources, roles, providers, agents.
package enum RegistryDocument {
    /// Records of one kind in one document.
    package static let maximumRecords = 5000

    /// The writes in the order in which they can be done: what is referred to comes first.
    package static func writes(_ document: FieldReader) throws(FieldError) -> [RegistryWrite] {
        var fields = document
        var writes: [RegistryWrite] = []
        for (value, path) in try fields.values("owners", maximumCount: maximumRecords) ?? [] {
            var reader = try FieldReader(value, path: path)
            writes.append(.owner(try OwnerSpec(&reader)))
            try reader.finish()
        }
        for (value, path) in try fields.values("resources", maximumCount: maximumRecords) ?? [] {
            var reader = try FieldReader(value, path: path)
            writes.append(.resource(try ResourceSpec(&reader)))
            try reader.finish()
        }
        for (value, path) in try fields.values("roles", maximumCount: maximumRecords) ?? [] {
            var reader = try FieldReader(value, path: path)
            writes.append(.role(try RoleSpec(&reader)))
            try reader.finish()
        }
        for (value, path) in try fields.values("providers", maximumCount: maximumRecords) ?? [] {
            var reader = try FieldReader(value, path: path)
            writes.append(.provider(try ProviderSpec(&reader)))
            try reader.finish()
        }
        for (value, path) in try fields.values("agents", maximumCount: maximumRecords) ?? [] {
            var reader = try FieldReader(value, path: path)
            writes.append(.agent(try AgentSpec(&reader)))
            try reader.finish()
        }
        try fields.finish()
        return writes
    }
}
