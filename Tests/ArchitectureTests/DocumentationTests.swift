import Testing

/// What the pages say of the code: names that exist, links that lead somewhere, lists that are complete.
@Suite struct DocumentationTests {
    /// One line of a page that is not in a block of code.
    private struct Line {
        let page: String
        let number: Int
        let text: Substring

        /// What stands between backticks.
        var names: [Substring] {
            text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
        }
        var place: String { "\(page):\(number)" }
    }

    private static let pages =
        ["README.md", "CHANGELOG.md"] + Checkout.files("docs").filter { $0.hasSuffix(".md") }
    private static let lines = pages.flatMap(read)
    private static let sources = Checkout.swiftFiles("Sources") + Checkout.swiftFiles("Tests")
    /// Every word of the sources, comments included.
    private static let words = Set(
        sources.flatMap { $0.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" } })

    private static func read(_ page: String) -> [Line] {
        var isCode = false
        var found: [Line] = []
        let lines = Checkout.text(page).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, text) in lines.enumerated() {
            let isFence = text.drop { $0 == " " }.hasPrefix("```")
            if isFence {
                isCode.toggle()
            } else if !isCode {
                found.append(Line(page: page, number: index + 1, text: text))
            }
        }
        return found
    }

    @Test func proseKeepsToItsWidth() {
        #expect(Self.lines.count > 1000, "the pages were not found")
        for line in Self.lines where !line.text.hasPrefix("|") {
            #expect(line.text.count <= 120, "\(line.place)")
        }
    }

    @Test func everyTypeMemberAndFileThatIsNamedExists() {
        let files = Set(Self.sources.compactMap { $0.path.split(separator: "/").last.map(String.init) })
        for line in Self.lines {
            for name in line.names {
                if name.hasSuffix(".swift"), !name.contains("*") {
                    let file = name.split(separator: "/").last.map(String.init) ?? ""
                    #expect(files.contains(file), "\(line.place): \(name)")
                    continue
                }
                // `Type.member`, `.member` of the type that was named before it, and suites of tests.
                let parts = name.split(separator: ".", omittingEmptySubsequences: false)
                let isIdentifier = parts.allSatisfy { part in part.allSatisfy { $0.isLetter || $0.isNumber } }
                guard isIdentifier, let first = parts.first, let last = parts.last else { continue }
                let isMember = parts.count == 2 && first.first?.isUppercase == true && last.first?.isLowercase == true
                let isShort = parts.count == 2 && first.isEmpty && last.contains { $0.isUppercase }
                let isSuite = parts.count == 1 && first.hasSuffix("Tests") && first != "Tests"
                guard isMember || isShort || isSuite else { continue }
                for part in parts where !part.isEmpty {
                    let isKnown = Self.words.contains(part)
                    #expect(isKnown, "\(line.place): \(name)")
                }
            }
        }
    }

    @Test func everyLinkLeadsSomewhere() {
        let paths = Set(
            Self.pages + ["docs", "config", "scripts", "Sources", "Tests"].flatMap(Checkout.files) + ["Makefile"])
        let anchors = Dictionary(
            uniqueKeysWithValues: Self.pages.map { page in
                (
                    page,
                    Set(Self.lines.filter { $0.page == page && $0.text.hasPrefix("#") }.map { Self.anchor($0.text) })
                )
            })
        for line in Self.lines {
            for piece in line.text.split(separator: "](", omittingEmptySubsequences: false).dropFirst() {
                let target = piece.prefix { $0 != ")" }
                guard !target.hasPrefix("http") else { continue }
                let parts = target.split(separator: "#", omittingEmptySubsequences: false)
                let folder = line.page.hasPrefix("docs/") ? "docs/" : ""
                let named = String(parts.first ?? "")
                let page =
                    named.isEmpty ? line.page : named.hasPrefix("../") ? String(named.dropFirst(3)) : folder + named
                #expect(paths.contains(page), "\(line.place): \(target)")
                if parts.count == 2 {
                    #expect(anchors[page]?.contains(String(parts[1])) == true, "\(line.place): \(target)")
                }
            }
        }
    }

    /// A heading as GitHub links to it.
    private static func anchor(_ heading: Substring) -> String {
        let text = heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
        return String(
            text.compactMap { character in
                character == " "
                    ? "-" : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
            })
    }

    @Test func theDesignListsEveryEventAndEveryKindOfRecord() {
        let design = Self.lines.filter { $0.page == "docs/design.md" }.flatMap(\.names).map(String.init)
        let events = Self.values("Sources/MayflyBroker/Ledger/LedgerEvent.swift", of: "enum Kind:")
        #expect(events.count >= 36)
        for event in events {
            #expect(design.contains(event.trimmed("\"")), "docs/design.md does not list \(event)")
        }
        let kinds = Self.values("Sources/MayflyBroker/Store/StoredRecord.swift", of: "enum RecordKind:")
        #expect(kinds.count >= 18)
        let rows = Checkout.text("docs/design.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        for kind in kinds {
            #expect(
                rows.contains { row in Self.numbers(row).contains(kind) }, "docs/design.md does not list kind \(kind)")
        }
    }

    @Test func everyMetricIsDescribed() {
        let words = Checkout.text("Sources/MayflyServer/Telemetry/MetricsPage.swift").split(separator: "\"")
        let metrics = Set(words.filter { $0.hasPrefix("mayfly_") || $0.hasPrefix("process_") })
        #expect(metrics.count >= 36)
        let described = Self.lines.filter { $0.page == "docs/observability.md" }.flatMap(\.names)
            .map { $0.prefix { $0 != "{" } }
        for metric in metrics.sorted() {
            #expect(described.contains(metric), "docs/observability.md does not describe \(metric)")
        }
    }

    /// What `case name = value` says in an enumeration.
    private static func values(_ path: String, of head: String) -> [String] {
        var isInside = false
        var found: [String] = []
        for line in Checkout.text(path).split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.contains(head) { isInside = true } else if words == ["}"] { isInside = false }
            if isInside, words.first == "case", words.count >= 4, words[2] == "=" { found.append(String(words[3])) }
        }
        return found
    }

    /// The numbers of a row's first cell: `3 to 6` are four.
    private static func numbers(_ row: Substring) -> [String] {
        let cell = row.split(separator: "|").first ?? ""
        let numbers = cell.split { !$0.isNumber }.compactMap { Int($0) }
        guard cell.contains(" to "), let first = numbers.first, let last = numbers.last, first < last else {
            return numbers.map(String.init)
        }
        return (first...last).map(String.init)
    }
}

extension String {
    /// Without that mark at either end.
    fileprivate func trimmed(_ mark: Character) -> String {
        String(drop { $0 == mark }.reversed().drop { $0 == mark }.reversed())
    }
}
