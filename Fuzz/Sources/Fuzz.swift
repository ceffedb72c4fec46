internal import CFuzzer
internal import Glibc

/// `mayfly-fuzz TARGET [options and corpus folders of libFuzzer]`; alone, it prints the targets.
@main
enum Fuzz {
    /// The target that the first argument names; here, because libFuzzer's callback carries no context.
    private static let target = CommandLine.arguments.dropFirst().first.flatMap(Target.init(rawValue:))

    static func main() {
        guard CommandLine.arguments.count > 1 else {
            for target in Target.allCases { print(target.rawValue) }
            return
        }
        guard target != nil else {
            print("mayfly-fuzz: unknown target; known are: \(Target.allCases.map(\.rawValue).joined(separator: " "))")
            exit(64)
        }
        // libFuzzer must not see the target's name: it would take it for a corpus folder.
        var count = CommandLine.argc - 1
        let first = unsafe CommandLine.unsafeArgv
        unsafe first[1] = first[0]
        var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe first + 1
        let status = unsafe LLVMFuzzerRunDriver(&count, &rest) { data, size in
            unsafe Fuzz.target?.check(Array(UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
        exit(status)
    }
}
