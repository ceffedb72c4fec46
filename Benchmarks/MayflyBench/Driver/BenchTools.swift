/// The programs that a run needs beside this one.
struct BenchTools {
    let mayfly: String
    let echo: String
    let evp: String
    let replay: String
    let fdatasync: String

    init(mayfly: String, directory: String) {
        self.mayfly = mayfly
        echo = directory + "/echo"
        evp = directory + "/evp"
        replay = directory + "/replay"
        fdatasync = directory + "/fdatasync"
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
        let path = directory + "/answer"
        try Files.write(answer.bytes, to: path)
        let process = try ChildProcess([echo, path, "\(BenchSite.threads)"])
        guard let port = Int(process.firstLine) else { throw BenchError("echo printed no port") }
        return (process, port)
    }
}
