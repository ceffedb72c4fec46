import Glibc
import MayflyServer
import Testing

@Suite struct LineWriterTests {
    @Test func linesComeWholeAndInOrder() throws {
        let pipe = try TestPipe()
        pipe.startReading()
        let writer = try LineWriter(descriptor: pipe.writeEnd)
        let lines = (0..<500).map { "line \($0)" }
        for line in lines { writer.write(line) }
        writer.stop()
        #expect(pipe.finish().split(separator: "\n").map(String.init) == lines)
        #expect(writer.dropped == 0)
    }

    @Test func aReaderWhoDoesNotReadHoldsNobodyUp() throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd)
        let line = String(repeating: "x", count: 999)
        // Far more than pipe, thread and queue take together; this returns all the same.
        for _ in 0..<5000 { writer.write(line) }
        #expect(writer.dropped > 0)
        pipe.startReading()
        writer.stop()
        let lines = pipe.finish().split(separator: "\n")
        #expect(lines.allSatisfy { $0.utf8.count == 999 })
        #expect(UInt64(lines.count) + writer.dropped == 5000)
    }

    @Test func aLineThatIsTooLongIsDroppedAlone() throws {
        let pipe = try TestPipe()
        pipe.startReading()
        let writer = try LineWriter(descriptor: pipe.writeEnd)
        writer.write(String(repeating: "x", count: LineWriter.maximumBytes))
        writer.write("short")
        writer.stop()
        #expect(writer.dropped == 1)
        #expect(pipe.finish() == "short\n")
    }

    @Test func linesThatNobodyCanReadAreCounted() throws {
        let pipe = try TestPipe()
        close(pipe.readEnd)
        let writer = try LineWriter(descriptor: pipe.writeEnd)
        writer.write("lost")
        writer.stop()
        #expect(writer.dropped == 1)
        close(pipe.writeEnd)
    }
}
