import MayflyConfig
import MayflyModel
import MayflyPolicy

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
            let reader = try yaml.reader()
            do throws(FieldError) {
                bundle = try PolicyBundle(reader)
            } catch {
                throw yaml.located(error)
            }
        } catch {
            throw .usage("\(error)", next: "correct the file; the policy in force has not changed")
        }
        document = yaml.value.objectValue ?? [:]
    }

    /// What is wrong with the bundle although it can be read, one line each, with the place in the file.
    func findings() -> [(severity: PolicyFinding.Severity, line: String)] {
        bundle.findings().map { finding in
            let place = mark(of: finding.place).map { "\(yaml.file):\($0.line):\($0.column): " } ?? "\(yaml.file): "
            return (finding.severity, "\(place)\(finding.severity.rawValue): \(finding.place) \(finding.text)")
        }
    }

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
