import MayflyBroker
import MayflyModel

/// The shapes of what agents are made of, and of the people's word on it.
extension OpenAPISchemas {
    static let composition: JSONValue = {
        var parts = JSONObject()
        for part in Composition.Part.allCases { parts[part.rawValue] = text(CompositionDigest.rule) }
        return .object(object(parts, isClosed: true))
    }()

    static let pendingComposition: JSONValue = .object(
        object([
            "composition": composition, "sha256": text("the one digest of all its parts, or none"),
            "by": text("the administrator who wants it"), "created": text("RFC 3339"),
            "lapses": text("RFC 3339; the owner agrees before"),
        ]))

    static let compositions: [(String, JSONObject)] = [
        (
            "AgentComposition",
            object(
                [
                    "agent": text(), "owner": text("who says yes or no to a change"), "composition": composition,
                    "sha256": text("the one digest of all parts, which token requests present; or none"),
                    "pending": pendingComposition,
                ], required: ["agent", "owner", "sha256"])
        ),
        ("CompositionPage", page("compositions", "AgentComposition")),
        (
            "CompositionVote",
            object(
                [
                    "composition": text("the sha256 of the change that waits, as it was read; or none"),
                    "reason": text("why; the ledger keeps it"),
                ], required: ["composition", "reason"], isClosed: true)
        ),
    ]
}
