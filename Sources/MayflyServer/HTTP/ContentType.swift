/// The media types that the server itself sends; a fixed set, so nothing of it needs checking at each reply.
package enum ContentType: String, Sendable {
    case json = "application/json"
    case problem = "application/problem+json"
    case text = "text/plain"
    case utf8Text = "text/plain; charset=utf-8"
}
