import MayflyBroker
import MayflyModel

extension World {
    /// A token request with this assertion and no other.
    func sendAssertion(_ assertion: String) throws -> Answer {
        let form: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", Self.assertionType), ("client_assertion", assertion),
        ]
        return try handler.send("POST", "/oauth2/token", headers: [Wire.formType], body: Wire.encode(form))
    }
}
