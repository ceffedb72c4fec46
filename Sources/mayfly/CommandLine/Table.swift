/// Aligned columns for people.
enum Table {
    /// The head and the rows as lines; an empty cell prints as `-`.
    static func lines(_ head: [String], _ rows: [[String]]) -> [String] {
        let cells = [head] + rows.map { $0.map(cell) }
        let widths = head.indices.map { column in
            cells.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return cells.map { row in
            var line = ""
            for (index, text) in row.enumerated() {
                let width = widths.indices.contains(index) ? widths[index] : 0
                line += index == row.count - 1 ? text : text + String(repeating: " ", count: width - text.count + 2)
            }
            return line
        }
    }

    /// Two columns without a head: names and values.
    static func pairs(_ pairs: [(String, String)]) -> [String] {
        let width = pairs.map { $0.0.count }.max() ?? 0
        return pairs.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + cell(value)
        }
    }

    /// Text from elsewhere in one cell: nothing in it may move the cursor or hide what follows.
    static func cell(_ text: String) -> String {
        let shown = text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                Unicode.Scalar(UInt8(ascii: "?"))
            default: scalar
            }
        }
        return shown.isEmpty ? "-" : String(String.UnicodeScalarView(shown))
    }
}
