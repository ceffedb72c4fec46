package import MayflyModel

/// Who is asking, once it has proven it.
package enum Client: Equatable, Sendable {
    case agent(AgentID)
    case resource(ResourceName)
    case admin(AdminID)
    case owner(OwnerID)

    package var text: String {
        switch self {
        case .agent(let id): id.text
        case .resource(let id): id.text
        case .admin(let id): id.text
        case .owner(let id): id.text
        }
    }

    /// Nil for a client whose keys administrators set.
    var keyHolder: KeyHolder? {
        switch self {
        case .agent(let id): .agent(id)
        case .owner(let id): .owner(id)
        case .resource, .admin: nil
        }
    }
}

/// A client that has proven who it is, and the mark that its assertion leaves when the answer is made durable.
package struct AuthenticatedClient: Equatable, Sendable {
    package let client: Client
    /// Nil for a method that needs no single use.
    package let mark: UsedMark?
    /// The largest epoch that had been given out when the client was looked up; nothing that was withdrawn since may
    /// be given to it.
    package let seenEpoch: Int64
    /// The key that the request has proven to hold, when it came with a proof.
    package var proof: HeldKey?
    /// The certificate that the connection has proven to hold the key of, whether or not it says who the client is.
    package var certificate: PresentedCertificate?
    /// What the request says that the client is made of.
    package var composition = PresentedComposition()

    package init(
        client: Client, mark: UsedMark?, seenEpoch: Int64 = .max, proof: HeldKey? = nil,
        certificate: PresentedCertificate? = nil
    ) {
        (self.client, self.mark, self.seenEpoch, self.proof) = (client, mark, seenEpoch, proof)
        self.certificate = certificate
    }
}
