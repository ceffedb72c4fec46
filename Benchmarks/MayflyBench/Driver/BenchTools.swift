/// The programs that a run needs beside this one.
struct BenchTools {
    let mayfly: String
    let echo: String
    let evp: String
    let replay: String
    let fdatasync: String
    let standstill: String
    let floor: String
    let tls: String

    init(mayfly: String, directory: String) {
        self.mayfly = mayfly
        echo = directory + "/echo"
        evp = directory + "/evp"
        replay = directory + "/replay"
        fdatasync = directory + "/fdatasync"
        standstill = directory + "/standstill"
        floor = directory + "/floor"
        tls = directory + "/tls"
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

    /// The longest time in a second for which a thread that wants to run does not, with one for each processor that a
    /// server has, in wall microseconds.
    func longestStandstill() throws(BenchError) -> Double {
        try ChildProcess.numbers([standstill, "\(BenchSite.threads)", "1000"], count: 2)[0]
    }

    /// A bare server that answers what the broker answered, with as many threads.
    func startEcho(_ answer: HTTPConnection.Answer, in directory: String) throws(BenchError) -> (ChildProcess, Int) {
        try start([echo, try keep(answer, in: directory), "\(BenchSite.threads)"])
    }

    /// A server that makes what the broker writes for one request durable, and the signatures of these sizes, in bytes;
    /// then it answers what the broker answered, over TLS where it is given the files of a certificate and its key.
    func startFloor(
        _ answer: HTTPConnection.Answer, in directory: String, signatures: (verified: Int, signed: Int)?,
        certificate: [String] = []
    ) throws(BenchError) -> (ChildProcess, Int) {
        try start(
            [
                floor, try keep(answer, in: directory), "\(BenchSite.threads)", directory, "\(Self.entryBytes)",
                "\(signatures?.verified ?? 0)", "\(signatures?.signed ?? 0)",
            ] + certificate)
    }

    /// What one entry adds to the broker's write-ahead log when 32 share a commit.
    private static let entryBytes = 1300

    private func keep(_ answer: HTTPConnection.Answer, in directory: String) throws(BenchError) -> String {
        let path = directory + "/answer"
        try Files.write(answer.bytes, to: path)
        return path
    }

    /// CPU microseconds of `server` for one of `count` equal requests over kept-alive connections with a certificate.
    func overTLS(
        _ request: HTTPRequestBytes, count: Int, port: Int, certificate: [String], authority: String,
        server: ChildProcess, in directory: String
    ) throws(BenchError) -> Double {
        let file = directory + "/request"
        try Files.write(request.bytes, to: file)
        let numbers = try ChildProcess.numbers(
            [tls, "\(port)"] + certificate + [authority, file, "32", "\(count)", "\(server.pid)"], count: 4)
        guard numbers[1] == 0, numbers[0] > 0 else { throw BenchError("\(Int(numbers[1])) requests were refused") }
        return numbers[3] / numbers[0]
    }

    private func start(_ arguments: [String]) throws(BenchError) -> (ChildProcess, Int) {
        let process = try ChildProcess(arguments)
        guard let port = Int(process.firstLine) else { throw BenchError("\(arguments[0]) printed no port") }
        return (process, port)
    }
}
