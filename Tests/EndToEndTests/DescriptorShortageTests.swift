import Glibc
import Testing

@testable import mayfly

/// A process that has no descriptor left for a client waits for one without using the processor.
@Suite struct DescriptorShortageTests {
    @Test func aClientWaitsUntilThereIsADescriptorForItAndCostsNothingMeanwhile() throws {
        let broker = try RunningMayfly.started()
        let process = try #require(broker.processID)
        try allow(try firstFree(process), to: broker)
        let client = try HTTPConnection(port: broker.port)
        client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try share(process) < 0.2)
        try allow(1000, to: broker)
        #expect(try client.answer()?.status == 200)
        #expect(try broker.stop() == 0)
    }

    /// What is left of the limit is for connections, so it must not be too little.
    @Test(arguments: [1, 2, 16]) func theBrokersOwnFilesAreFewerThanAreReserved(_ threads: Int) throws {
        let broker = try RunningMayfly()
        try Files.replace("# threads: 2", with: "threads: \(threads)", in: broker.configFile)
        try broker.start()
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        let files = try CommandResult.run(
            "/bin/ls", ["/proc/\(try #require(broker.processID))/fd"], in: broker.folder)
        let count = files.output.split(separator: "\n").count
        #expect(count > 20 && count < OpenFiles.reserved(threads: threads, listeners: 1), "\(count)")
        #expect(try broker.stop() == 0)
    }

    /// The number that the process's next descriptor would have.
    private func firstFree(_ process: pid_t) throws -> Int {
        var number = 0
        while access("/proc/\(process)/fd/\(number)", F_OK) == 0 { number += 1 }
        return number
    }

    /// Lets the process have only descriptors below `count` from now on; those it has stay.
    private func allow(_ count: Int, to broker: RunningMayfly) throws {
        let process = try #require(broker.processID)
        let result = try CommandResult.run(
            "/usr/bin/prlimit", ["--pid", "\(process)", "--nofile=\(count):"], in: broker.folder)
        #expect(result.status == 0, "\(result)")
    }

    /// The part of half a second for which the process has a processor.
    private func share(_ process: pid_t) throws -> Double {
        var clock: clockid_t = 0
        guard clock_getcpuclockid(process, &clock) == 0 else { throw HarnessError("no clock of the process") }
        let (before, start) = (seconds(clock), seconds(CLOCK_MONOTONIC))
        usleep(500_000)
        return (seconds(clock) - before) / (seconds(CLOCK_MONOTONIC) - start)
    }

    private func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
