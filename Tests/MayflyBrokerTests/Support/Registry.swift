extension World {
    static let agents = ["agent:root", "agent:child", "agent:leaf", "agent:other"]

    /// One owner with an heir, two resources, and four agents in a row of delegations.
    static let registry = #"""
        {"owners": [
          {"id": "owner:ann", "name": "Ann", "email": "ann@example.org"},
          {"id": "owner:bob", "name": "Bob", "email": "bob@example.org"}],
        "resources": [
          {"name": "tickets", "identifier": "https://tickets.example",
           "scopes": ["tickets.read", "tickets.write", "tickets.admin"],
           "authorization_details_types": [{"type": "refund", "members": {
             "queues": {"order": "set"}, "amount": {"order": "max", "unit": "money"},
             "read_only": {"order": "flag"}}}],
           "actions": [{"name": "close", "scope": "tickets.write"},
                       {"name": "view", "scope": "tickets.read", "read_only": true}],
           "routes": [{"path": "/tickets", "methods": ["GET"], "scope": "tickets.read"},
                      {"path": "/tickets", "methods": ["POST"], "scope": "tickets.write"},
                      {"path": "/admin", "scope": "tickets.admin"}]},
          {"name": "mail", "identifier": "https://mail.example", "scopes": ["mail.send"]},
          {"name": "vault", "identifier": "https://vault.example", "scopes": ["vault.open"],
           "authentication": "private_key_jwt"}],
        "roles": [
          {"id": "role:reader", "scopes": ["tickets.read"], "max_token_life": 600, "max_depth": 4}],
        "agents": [
          {"id": "agent:root", "purpose": "p", "owner": "owner:ann", "roles": ["role:reader"],
           "resources": ["tickets", "mail"], "scopes": ["tickets.write", "mail.send"],
           "authorization_details": [{"resource": "tickets", "type": "refund", "queues": ["a", "b"],
             "amount": {"amount": "100.00", "currency": "EUR"}, "read_only": false}],
           "delegates": ["agent:child", "agent:other"]},
          {"id": "agent:child", "purpose": "p", "owner": "owner:ann", "roles": ["role:reader"],
           "resources": ["tickets"], "scopes": ["tickets.write", "tickets.admin"], "delegates": ["agent:leaf"]},
          {"id": "agent:leaf", "purpose": "p", "owner": "owner:bob", "roles": ["role:reader"],
           "resources": ["tickets"]},
          {"id": "agent:other", "purpose": "p", "owner": "owner:bob", "roles": ["role:reader"],
           "resources": ["tickets"], "scopes": ["tickets.write"]}]}
        """#
}
