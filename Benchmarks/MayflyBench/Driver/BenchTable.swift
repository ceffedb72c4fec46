internal import Glibc

/// Prints rows as they come, in columns.
struct BenchTable {
    private let widths = [72, 10, 28, 7, 9, 7]

    func header() {
        line(["what", "value", "peer", "ratio", "goal", "verdict", "min-max"])
    }

    func show(_ row: Row) {
        line([row.what, row.value, row.peer, row.ratio, row.goal, verdict(row), row.spread])
        fflush(nil)
    }

    private func verdict(_ row: Row) -> String {
        if row.goal == "-" { return "-" }
        return row.isReached ? "reached" : "MISSED"
    }

    private func line(_ cells: [String]) {
        var text = ""
        for (index, cell) in cells.enumerated() {
            text += cell
            guard index < widths.count else { break }
            text += String(repeating: " ", count: max(widths[index] - cell.count, 0) + 2)
        }
        print(text)
    }
}
