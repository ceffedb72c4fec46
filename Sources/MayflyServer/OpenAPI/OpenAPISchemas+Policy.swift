import MayflyBroker
import MayflyModel

/// The shapes of the policy's endpoints.
extension OpenAPISchemas {
    private static let mode = text(values: PolicyMode.allCases.map(\.rawValue))

    static let policies: [(String, JSONObject)] = [
        (
            "Policy",
            object(
                [
                    "number": integer, "name": text(), "digest": text("SHA-256 of the bundle's JSON, base64url"),
                    "state": text(values: ["active", "shadow", "kept"]), "rules": integer, "author": text(),
                    "rationale": text(), "created": text("RFC 3339"), "bundle": anyObject,
                ], required: ["number", "digest", "state"])
        ),
        (
            "PolicyPage",
            object(
                ["policies": list(reference("Policy")), "active": integer, "shadow": integer],
                required: ["policies", "active"])
        ),
        (
            "PolicyApply",
            object(
                [
                    "bundle": anyObject, "rationale": text(), "mode": mode,
                    "expected": text("the digest that must be in force, or nothing is changed"),
                ], required: ["bundle", "rationale"], isClosed: true)
        ),
        ("PolicyCheck", object(["bundle": anyObject], required: ["bundle"], isClosed: true)),
        (
            "PolicyFindings",
            object(
                [
                    "digest": text(),
                    "findings": list(
                        .object(
                            object(
                                ["severity": text(values: ["error", "warning"]), "place": text(), "text": text()],
                                required: ["severity", "place", "text"]))),
                ], required: ["digest", "findings"])
        ),
        (
            "PolicyActivate",
            object(["rationale": text(), "mode": mode], required: ["rationale"], isClosed: true)
        ),
        (
            "QuotaUses",
            object(
                [
                    "quotas": list(
                        .object(
                            object(
                                [
                                    "quota": text(), "on": text(values: ["mint", "action"]),
                                    "per": text(values: ["agent", "owner"]), "subject": text(), "count": integer,
                                    "window": integer, "used": integer, "retry_after": integer,
                                ], required: ["quota", "on", "per", "subject", "count", "window", "used"])))
                ], required: ["quotas"])
        ),
    ]
}
