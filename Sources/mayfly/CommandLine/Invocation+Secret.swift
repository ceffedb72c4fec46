import MayflyModel

extension Invocation {
    /// The one of `--NAME-file`, `--NAME-fd` and `--NAME-credential` that is given; nil for none.
    func secretSource(_ name: String) throws(CommandError) -> SecretSource? {
        var found: [SecretSource] = []
        if let path = value("\(name)-file") { found.append(.file(path)) }
        if let text = value("\(name)-fd") {
            guard let source = SecretSource.descriptor(text) else {
                throw usage("--\(name)-fd \(SecretSource.descriptorRule)")
            }
            found.append(source)
        }
        if let text = value("\(name)-credential") {
            guard let source = SecretSource.named(text) else {
                throw usage("--\(name)-credential \(SecretSource.credentialRule)")
            }
            found.append(source)
        }
        guard found.count <= 1 else {
            throw usage("give one of --\(name)-file, --\(name)-fd and --\(name)-credential")
        }
        return found.first
    }
}
