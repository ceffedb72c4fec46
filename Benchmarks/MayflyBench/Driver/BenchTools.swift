/// The programs that a run needs beside this one.
struct BenchTools {
    let mayfly: String
    let echo: String
    let evp: String
    let replay: String
    let fdatasync: String
    let floor: String

    init(mayfly: String, directory: String) {
        self.mayfly = mayfly
        echo = directory + "/echo"
        evp = directory + "/evp"
        replay = directory + "/replay"
        fdatasync = directory + "/fdatasync"
        floor = directory + "/floor"
    }

    /// CPU microseconds of one ES256 verification and of one signature, with messages of these sizes.
    func signatures(verifying: Int, signing: Int) throws(BenchError) -> (verify: Double, sign: Double) {
        let numbers = try ChildProcess.numbers([evp, "\(verifying)", "\(signing)", "4000"], count: 2)
        return (numbers[0], numbers[1])
    }

    /// Wall microseconds of one append with fdatasync in `directory`, the median.
    func syncTime(in directory: String) throws(BenchError) -> Double {
        try ChildProcess.numbers([fdatasync, directory + "/fdatasync.tmp", "1000"], count: 2)[0]
    }

    /// A bare server that answers what the broker answered, with as many threads.
    func startEcho(_ answer: HTTPConnection.Answer, in directory: String) throws(BenchError) -> (ChildProcess, Int) {
        try start([echo, try keep(answer, in: directory), "\(BenchSite.threads)"])
    }

    /// A server that makes what the broker writes for one request durable, and the signatures of these sizes, in bytes;
    /// then it answers what the broker answered.
    func startFloor(
        _ answer: HTTPConnection.Answer, in directory: String, signatures: (verified: Int, signed: Int)?
    ) throws(BenchError) -> (ChildProcess, Int) {
        try start([
            floor, try keep(answer, in: directory), "\(BenchSite.threads)", directory, "\(Self.entryBytes)",
            "\(signatures?.verified ?? 0)", "\(signatures?.signed ?? 0)",
        ])
    }

    /// What one entry adds to the broker's write-ahead log when 32 share a commit.
    private static let entryBytes = 1300

    private func keep(_ answer: HTTPConnection.Answer, in directory: String) throws(BenchError) -> String {
        let path = directory + "/answer"
        try Files.write(answer.bytes, to: path)
        return path
    }

    private func start(_ arguments: [String]) throws(BenchError) -> (ChildProcess, Int) {
        let process = try ChildProcess(arguments)
        guard let port = Int(process.firstLine) else { throw BenchError("\(arguments[0]) printed no port") }
        return (process, port)
    }
}
