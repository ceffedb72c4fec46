import MayflyConfig
import MayflyModel
import MayflyPolicy
import MayflyServer

/// A bundle read from a YAML file, with the places of its parts for messages.
struct PolicyFile {
    let bundle: PolicyBundle
    let document: JSONObject
    private let yaml: YAMLDocument

    /// Reads and checks the file; `-` is standard input.
    init(_ path: String) throws(CommandError) {
        let bytes = try LocalFile.read(path, maximum: YAMLDocument.maximumBytes)
        do throws(YAMLError) {
            yaml = try YAMLDocument.parse(bytes, file: path == "-" ? "(standard input)" : path)
        } catch {
            throw Self.refusal(error)
        }
        guard yaml.value != .null else {
            throw .usage(
                "\(yaml.file) says nothing", next: "write policy, rules and examples; config/policies has three bundles"
            )
        }
        do throws(YAMLError) {
            let reader = try yaml.reader()
            do throws(FieldError) {
                bundle = try PolicyBundle(reader)
            } catch {
                throw yaml.located(error)
            }
        } catch {
            throw Self.refusal(error)
        }
        document = yaml.value.objectValue ?? [:]
    }

    private static func refusal(_ error: YAMLError) -> CommandError {
        .usage("\(error)", next: "correct the file; the policy in force has not changed")
    }

    /// What is wrong with the bundle although it can be read, one line each, with the place in the file.
    func findings() -> [(severity: PolicyFinding.Severity, line: String)] {
        let tooLarge = tooLarge.map { [(PolicyFinding.Severity.error, "\(yaml.file): error: \($0)")] } ?? []
        return tooLarge
            + bundle.findings().map { finding in
                let place = mark(of: finding.place).map { "\(yaml.file):\($0.line):\($0.column): " } ?? "\(yaml.file): "
                return (finding.severity, "\(place)\(finding.severity.rawValue): \(finding.place) \(finding.text)")
            }
    }

    /// Why no request could hold the bundle, whatever is said beside it; nil when one can.
    private var tooLarge: String? {
        let size = JSONWriter.bytes(of: .object(document)).count
        let most = HTTPLimits().maximumLargeBody - Self.room
        guard size > most else { return nil }
        return "the bundle is sent in one request, which holds \(most) bytes of it, and it has \(size) as JSON; "
            + "match more with one rule, or shorten rationales and examples"
    }

    /// Bytes of a request that are kept for the rationale and the rest.
    private static let room = 2048

    /// Where a rule, a quota or an example stands.
    private func mark(of place: String) -> YAMLMark? {
        for (list, kind, name) in [("rules", "rule", "id"), ("quotas", "quota", "id"), ("examples", "example", "name")]
        {
            for (index, element) in (document[list]?.arrayValue ?? []).enumerated() {
                let path = FieldPath.root.member(list).element(index)
                let text = element.objectValue?[name]?.stringValue ?? ""
                if place == "\(path)" || place == "\(kind) \(text)" { return yaml.mark(at: path) }
            }
        }
        return nil
    }
}
