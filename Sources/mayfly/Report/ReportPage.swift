/// A report as one HTML page that loads nothing: tables, and bars for each number that is a share of its column.
enum ReportPage {
    /// `period` is text for people, such as the time that the report covers.
    static func html(_ report: GovernanceReport, period: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>Mayfly governance report</title>
        <style>
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
        table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
        th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
        th { font-size: .8rem; letter-spacing: .04em; }
        svg { height: .7rem; width: 8rem; margin-left: .6rem; }
        rect { fill: #3b6ea5; }
        </style>
        </head>
        <body>
        <h1>Governance report</h1>
        <p>\(escape(period))</p>
        \(report.sections.map(section).joined(separator: "\n"))
        </body>
        </html>
        """
    }

    private static func section(_ section: GovernanceReport.Section) -> String {
        let head = section.head.map { "<th>\(escape($0))</th>" }.joined()
        let largest = section.head.indices.map { column in
            section.rows.compactMap { $0.indices.contains(column) ? Int($0[column]) : nil }.max() ?? 0
        }
        let rows = section.rows.map { row in
            "<tr>" + row.enumerated().map { cell($0.element, largest: largest, column: $0.offset) }.joined() + "</tr>"
        }
        return """
            <h2>\(escape(section.title))</h2>
            <table>
            <tr>\(head)</tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    /// A number of a column of numbers has a bar; the first column names the row.
    private static func cell(_ text: String, largest: [Int], column: Int) -> String {
        guard column > 0, largest.indices.contains(column), let number = Int(text), number > 0, largest[column] > 0
        else {
            return "<td>\(escape(text))</td>"
        }
        let width = number * 100 / largest[column]
        return "<td>\(number)<svg role=\"img\" aria-label=\"\(width) %\" viewBox=\"0 0 100 10\" "
            + "preserveAspectRatio=\"none\"><rect width=\"\(width)\" height=\"10\"/></svg></td>"
    }

    /// Text from the ledger can hold whatever an agent named its task.
    static func escape(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
