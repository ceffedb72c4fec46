package import MayflyModel

extension ApprovalSubject {
    /// What people are asked to let happen, once.
    package enum Asked: Equatable, Sendable {
        case token(Rights)
        case action(Action)

        /// How an action is told from the operations that make tokens, on the wire and in the digest.
        package static let action = "action"

        package var name: String {
            switch self {
            case .token(let rights): rights.operation.rawValue
            case .action: Self.action
            }
        }

        /// Every name that there is.
        package static let names = Operation.allCases.map(\.rawValue) + [action]
    }

    /// Which kind of token is to be made.
    package enum Operation: String, CaseIterable, Sendable {
        /// A token for the agent's own task.
        case issue
        /// A ticket with which another agent fetches rights.
        case ticket
        /// A token below another agent's.
        case exchange
    }

    /// A token, beside what every subject says.
    package struct Rights: Equatable, Sendable {
        package var operation: Operation
        /// Authorization details as they would be granted, the limits among them; each in its canonical form.
        package var details: [JSONValue]
        /// To whom the token may be taken further, or whom the ticket names.
        package var delegates: [Delegate]
        /// Seconds to live.
        package var life: Int64
        /// Of the program that asks, where the registration has one.
        package var composition: CompositionDigest?

        package init(
            operation: Operation, details: [JSONValue], delegates: [Delegate], life: Int64,
            composition: CompositionDigest? = nil
        ) {
            (self.operation, self.details, self.delegates, self.life) = (operation, details, delegates, life)
            self.composition = composition
        }
    }

    /// One action on one thing, as a tool names them; what it states of them is the subject's context.
    package struct Action: Equatable, Sendable {
        package var name: String
        package var type: String
        package var identifier: String

        package init(name: String, type: String, identifier: String) {
            (self.name, self.type, self.identifier) = (name, type, identifier)
        }
    }

    /// The action that people are asked about; nil for a token.
    package var action: Action? {
        guard case .action(let action) = asked else { return nil }
        return action
    }

    /// The token that people are asked about; nil for an action.
    package var rights: Rights? {
        guard case .token(let rights) = asked else { return nil }
        return rights
    }
}

extension ApprovalSubject.Asked {
    /// Takes the members of one kind, and none of the other's.
    init(_ fields: inout FieldReader) throws(FieldError) {
        let name = try fields.string("operation")
        guard !name.utf8.elementsEqual(Self.action.utf8) else {
            let action = try fields.string("action", maximum: ApprovalLimits.nameBytes)
            var thing = try fields.required("thing", try fields.object("thing"))
            self = .action(
                ApprovalSubject.Action(
                    name: action, type: try thing.string("type", maximum: ApprovalLimits.nameBytes),
                    identifier: try thing.string("id", maximum: ApprovalLimits.nameBytes)))
            try thing.finish()
            return
        }
        guard let operation = ApprovalSubject.Operation(rawValue: name) else {
            throw fields.failure("operation", .invalid(rule: Self.names.joined(separator: ", ")))
        }
        self = .token(
            ApprovalSubject.Rights(
                operation: operation,
                details: try fields.values("authorization_details", maximumCount: DetailSet.maximumCount + 1)?
                    .map(\.value) ?? [],
                delegates: try Delegate.list("delegates", in: &fields),
                life: try fields.integer("life", in: 0...RegistryLimits.maximumTokenLife),
                composition: try CompositionDigest.read("composition", in: &fields)))
    }
}
