/// A token whose signature was found good, in the hands of those who do not decide what it means.
///
/// Opaque: only `TokenVerifier.verify` makes a token of it, each time anew, so that keeping one keeps nothing alive.
package final class SignedToken: Sendable {
    let token: KnownToken

    init(_ token: KnownToken) { self.token = token }
}
