/// What a token is asked for; nil means "as the registration says".
public struct TokenRequest: Equatable, Sendable {
    /// Scopes separated by single spaces.
    public var scope: String?
    /// Names or URLs of the resources that the token is for (RFC 8707).
    public var resources: [String] = []
    /// A JSON array as text (RFC 9396).
    public var authorizationDetails: String?
    /// A JSON object as text: what the request says of the case, for policy.
    public var context: String?
    /// Joins an existing task; nil begins one.
    public var task: String?
    /// Agents or roles to whom the token may be passed on, separated by spaces; `none` for nobody.
    public var delegates: String?
    /// Seconds.
    public var lifetime: Int?
    /// A W3C trace id.
    public var trace: String?
    /// What the agent is made of, as `sha256:` and 64 lower-case hex digits, where its registration says so.
    public var composition: String?

    public init(scope: String? = nil, resources: [String] = []) {
        (self.scope, self.resources) = (scope, resources)
    }

    func add(to form: inout FormBody) {
        form.add("scope", scope)
        for resource in resources { form.add("resource", resource) }
        form.add("authorization_details", authorizationDetails)
        form.add("context", context)
        form.add("task", task)
        form.add("delegates", delegates)
        form.add("lifetime", lifetime.map(String.init))
        form.add("trace", trace)
        form.add("composition", composition)
    }
}
