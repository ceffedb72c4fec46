import MayflyModel
import MayflyPolicy

/// A bundle that an argument names: a version of the broker's by number, `active` or `shadow`, or else a file.
enum PolicySource {
    static let help = "a version's number, active, shadow, or a YAML file"

    static func load(
        _ name: String, _ admin: () throws(CommandError) -> AdminCall
    ) throws(CommandError) -> (bundle: PolicyBundle, document: JSONObject) {
        guard name == "active" || name == "shadow" || Int64(name) != nil else {
            let file = try PolicyFile(name)
            return (file.bundle, file.document)
        }
        let version = try admin().get("/api/v1/policies/\(name)")
        guard let document = version["bundle"]?.objectValue else { throw unreadable }
        // The built-in one has no document.
        guard !document.isEmpty else { return (.registry, document) }
        guard let bundle = try? PolicyBundle(FieldReader(document)) else { throw unreadable }
        return (bundle, document)
    }

    private static let unreadable = CommandError.failed(
        "the broker's bundle cannot be read", next: "is the broker of the same version as this program?")
}
