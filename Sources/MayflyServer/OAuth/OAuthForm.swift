import MayflyBroker
import MayflyModel

/// The form of an OAuth request (RFC 6749 §3.2): each parameter once, an empty one absent.
struct OAuthForm: Sendable {
    private let fields: FormFields

    init(_ request: HTTPRequest) throws(OAuthError) {
        guard request.hasContentType("application/x-www-form-urlencoded") else {
            throw OAuthError(.invalidRequest, "the body must be application/x-www-form-urlencoded")
        }
        guard request.query.isEmpty else {
            throw OAuthError(.invalidRequest, "parameters belong in the body, not in the URL")
        }
        do {
            fields = try FormParser.parse(request.body)
        } catch {
            throw OAuthError(.invalidRequest, "the form cannot be read: too many fields, or a bad escape")
        }
    }

    func value(_ name: String) throws(OAuthError) -> String? {
        do {
            return try fields.value(name)
        } catch {
            throw OAuthError(.invalidRequest, "\(name) is given more than once")
        }
    }

    /// The bytes of a parameter that must be there.
    func requiredBytes(_ name: String) throws(OAuthError) -> ArraySlice<UInt8> {
        do {
            if let bytes = try fields.bytes(name) { return bytes }
        } catch {
            throw OAuthError(.invalidRequest, "\(name) is given more than once")
        }
        throw OAuthError(.invalidRequest, "\(name) is missing")
    }

    func required(_ name: String) throws(OAuthError) -> String {
        String(decoding: try requiredBytes(name), as: UTF8.self)
    }

    func values(_ name: String) -> [String] {
        fields.values(name)
    }
}
