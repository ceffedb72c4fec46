/// What usually helps against one of libyaml's complaints, which say what was expected and not what went wrong.
enum YAMLHint {
    private static let hints = [
        ("did not find expected '-' indicator", "begin each element of the list in the column of the first"),
        (
            "did not find expected key",
            "begin each key in the column of the first, and look above for a quote that is not closed"
        ),
        ("did not find expected ',' or", "close the bracket, or separate with a comma"),
        ("mapping values are not allowed", "put text that holds a colon in quotes, and indent keys evenly"),
        ("could not find expected ':'", "write key: value, with a space after the colon"),
        ("found a tab character", "indent with spaces"),
        ("found character that cannot start any token", "indent with spaces, and put text that begins so in quotes"),
        ("found unexpected end of stream", "close the quote"),
        ("found unknown escape character", "write \\\\ for a backslash, or use single quotes"),
        ("control characters are not allowed", "take the character out"),
        ("invalid", "save the file as UTF-8"),
        ("incomplete UTF-8", "save the file as UTF-8"),
        ("unexpected low surrogate", "save the file as UTF-8"),
    ]

    /// For libyaml's fixed text; nil where nothing is known to help.
    static func text(for problem: String) -> String? {
        hints.first { problem.hasPrefix($0.0) }?.1
    }
}
