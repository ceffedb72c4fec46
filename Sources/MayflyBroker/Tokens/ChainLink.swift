package import MayflyModel

/// One hop of a delegation chain, root first; the last link is the token itself.
package struct ChainLink: Equatable, Sendable {
    package let tokenID: String
    package let agent: AgentID
    /// The epoch under which this hop was minted.
    package let epoch: Int64
    /// The ticket that this hop was redeemed from: revoking the ticket ends what it became.
    package var ticket: String?

    package init(tokenID: String, agent: AgentID, epoch: Int64, ticket: String? = nil) {
        (self.tokenID, self.agent, self.epoch, self.ticket) = (tokenID, agent, epoch, ticket)
    }

    static func write(_ chain: [ChainLink], into writer: inout JSONWriter) {
        writer.beginArray()
        for link in chain {
            writer.beginObject()
            writer.name("jti")
            writer.string(link.tokenID)
            writer.name("agent")
            writer.string(link.agent.text)
            writer.name("epoch")
            writer.integer(link.epoch)
            if let ticket = link.ticket {
                writer.name("via")
                writer.string(ticket)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [ChainLink] {
        var chain: [ChainLink] = []
        for (value, path) in try fields.values(name, maximumCount: Int(RegistryLimits.maximumDepth) + 1) ?? [] {
            var reader = try FieldReader(value, path: path)
            chain.append(
                ChainLink(
                    tokenID: try reader.string("jti", maximum: TokenID.maximumLength),
                    agent: try reader.identifier("agent"),
                    epoch: try reader.integer("epoch", in: 0...Int64.max),
                    ticket: try reader.optionalString("via", maximum: TokenID.maximumLength)))
            try reader.finish()
        }
        return chain
    }
}
