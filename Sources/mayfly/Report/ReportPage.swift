import MayflyCrypto
import MayflyModel

/// A report as one HTML page that loads nothing: tables, with bars for numbers that can be compared.
enum ReportPage {
    /// The page's own policy names this text by its digest, so that no other style counts.
    private static let style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
        table { border-collapse: collapse; margin-bottom: 2rem; }
        th, td { border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: left; vertical-align: top; }
        td { overflow-wrap: anywhere; }
        th { font-size: .8rem; letter-spacing: .04em; }
        svg { height: .7rem; width: 8rem; margin-left: .6rem; }
        rect { fill: #3b6ea5; }
        """

    /// `period` is text for people, such as the time that the report covers.
    static func html(_ report: GovernanceReport, period: String) -> String {
        let digest = Base64.encode(SHA256.digest(of: Array(style.utf8)).bytes)
        let policy = "default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width">
            <title>Mayfly governance report</title>
            <style>\(style)</style>
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
        let head = section.head.map { "<th scope=\"col\">\(escape($0))</th>" }.joined()
        let largest = section.head.indices.map { column in
            section.rows.compactMap { $0.indices.contains(column) ? Int($0[column]) : nil }.max() ?? 0
        }
        let rows = section.rows.map { row in
            let cells = row.enumerated().map { column, text in
                let bar = section.bars.contains(column) ? bar(text, largest: largest[column]) : ""
                return "<td>\(escape(text))\(bar)</td>"
            }
            return "<tr>" + cells.joined() + "</tr>"
        }
        return """
            <h2>\(escape(section.title))</h2>
            <table>
            <tr>\(head)</tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    /// A share of its column's largest number, or of a hundred; nothing for anything else.
    ///
    /// The text beside it says the same, so it is hidden from who cannot see it.
    private static func bar(_ text: String, largest: Int) -> String {
        let width: Int
        if text.hasSuffix(" %") {
            width = Int(text.dropLast(2)) ?? 0
        } else {
            width = largest > 0 ? Int(Double(Int(text) ?? 0) / Double(largest) * 100) : 0
        }
        guard (1...100).contains(width) else { return "" }
        return "<svg aria-hidden=\"true\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">"
            + "<rect width=\"\(width)\" height=\"10\"/></svg>"
    }

    /// Text from the ledger can hold whatever an agent named its task: it stays text, and neither turns the page's
    /// writing around nor hides.
    static func escape(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: output += "?"
                default: output.unicodeScalars.append(scalar)
                }
            }
        }
        return output
    }
}
