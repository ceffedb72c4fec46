internal import MayflyModel

extension BrokerConfig {
    /// The keys that say where the store is; for a file, as in the template.
    private static func lines(of store: StoreLocation?) -> String {
        let place = "# store_password_file: ../keys/store-password"
        guard case .postgres(let url, let passwordFile) = store else { return "store: ../data/mayfly.db\n" + place }
        return "store: \"\(url.text)\"\n" + (passwordFile.map { "store_password_file: \"\($0)\"" } ?? place)
    }

    private static func passphraseLine(_ keys: KeyConfig) -> String {
        keys.passphrase.map { line("passphrase", $0) } ?? "# passphrase_file: ../secrets/passphrase"
    }

    private static func tokenLines(_ keys: KeyConfig) -> String {
        guard let token = keys.token else {
            return """
                  # pkcs11:
                  #   module: /usr/lib/softhsm/libsofthsm2.so
                  #   token: mayfly
                  #   pin_file: ../secrets/pin
                """
        }
        return """
              pkcs11:
                module: "\(token.module)"
                token: "\(token.label)"
                \(line("pin", token.pin))
            """
    }

    /// One of the three ways to name a secret; what is written was checked for characters that YAML would take amiss.
    private static func line(_ name: String, _ source: SecretSource) -> String {
        switch source {
        case .file(let path): "\(name)_file: \"\(path)\""
        case .descriptor(let number): "\(name)_fd: \(number)"
        case .credential(let credential): "\(name)_credential: \"\(credential)\""
        }
    }

    /// The commented file that `mayfly init` writes; loading it gives the defaults.
    package static func template(
        issuer: IssuerURL, listen: ListenAddress, behindProxy: Bool = false, store: StoreLocation? = nil,
        keys: KeyConfig = KeyConfig()
    ) -> String {
        """
        # Mayfly's configuration. Read at start, and again at SIGHUP; every unknown key is an error.
        # Spans are whole seconds, or 30s, 5m, 1h, 7d. Relative paths start at this file's folder.

        # The base URL by which agents and tools reach the broker. It is the "iss" of every token, so changing it ends
        # every token. https, or http for localhost, 127.0.0.1 and [::1].
        issuer: "\(issuer)"

        # Where the broker accepts connections: HTTPS with tls, else plain HTTP, and then an address that other machines
        # can reach needs behind_proxy: true.
        listen: "\(listen)"

        # true: a proxy in front speaks TLS and is the only one that can reach the address above.
        behind_proxy: \(behindProxy)

        # HTTPS. Read again at SIGHUP; connections that are open stay.
        # tls:
        #   # In PEM, the broker's own certificate first.
        #   certificate_file: ../tls/broker.pem
        #   # Mode 0600.
        #   key_file: ../tls/broker.key

        # Agents that are known by a client certificate, and tokens that are bound to one (RFC 8705).
        # mtls:
        #   # A second listener, the only one that asks clients for a certificate. Leave it out where a proxy does that.
        #   listen: "0.0.0.0:8482"
        #   # The URL by which agents reach it.
        #   url: "https://mtls.mayfly.example.com"
        #   # Roots of the authorities that issue agents' certificates. Without it agents register certificates themselves.
        #   client_ca_file: ../tls/client-ca.pem

        # A proxy that asks clients for a certificate and passes it on, as RFC 9440 has it or as nginx does with
        # $ssl_client_escaped_cert. From any other address a request with this header is refused.
        # proxy:
        #   client_certificate_header: Client-Cert
        #   addresses: ["127.0.0.1"]

        keys:
          # Private keys: the folder has mode 0700, each file 0600.
          directory: ../keys
          # The passphrase of key files that are encrypted; new ones then are. Or passphrase_fd: 3, a descriptor that
          # whoever starts the broker has opened, or passphrase_credential: NAME, a credential that systemd gives it.
          \(passphraseLine(keys))
          # Makes signing keys in a PKCS#11 token, which they never leave. Or pin_fd, or pin_credential.
        \(tokenLines(keys))

        # What holds the registry, the revocations and the ledger: an SQLite file, or a PostgreSQL database such as
        # "postgresql://mayfly@db.example.com/mayfly?sslmode=verify-full". Never a password here: libpq looks for it in
        # PGPASSFILE, passfile and service, or store_password_file names a file of mode 0600 with it.
        \(lines(of: store))

        # Several brokers on one PostgreSQL database: each with the same issuer and keys, and a name of its own. Any of
        # them answers anything. A broker that has not reached the database for a lease's length answers nothing more.
        # cluster:
        #   node: a
        #   lease: 2s

        # The folder for parts of the ledger that mayfly ledger archive takes out of the store.
        archive: ../data/archive

        token:
          # The life of a token when its request names none, and the longest that a request may name.
          default_life: 5m
          maximum_life: 1h

        # How long a one-time code for a new agent can be used.
        enrolment_code_life: 10m

        # How long the named sub-agent has to redeem a delegation ticket.
        ticket_life: 60s

        # The longest life of the signed assertion by which an agent proves who it is.
        assertion_maximum_life: 300s

        # How far the clocks of agents may be off; 0 to 60 seconds.
        clock_skew: 30s

        limits:
          # Open connections; without it, as many as the limit of open files (ulimit -n) allows, up to 16384. When nearly all
          # are taken, those that have been idle or unfinished for the longest are closed, so that a new client gets in.
          # connections: 4096
          # Threads that serve requests; without it, one for each processor.
          # threads: 2
          # How often one agent may ask for tokens, all agents of one owner together, and one resource about tokens, for
          # example {rate: 200, burst: 1000}: a second on average, and at once. Past it the answer is 429. What the broker
          # as a whole can bear needs no number.
          mint: off
          mint_owner: off
          verify: off

        lifecycle:
          # How often somebody has to look at each agent again: off, or a span such as 90d. An agent's review_every goes
          # before it, and its next_review before both.
          review_every: off
          # What is done about reviews that are due. off: nothing; warn: the ledger says so, when a review is due and when
          # it is overdue; suspend: an agent whose review is overdue is suspended, too.
          overdue: warn
          # A review is overdue so long after the ledger said that it is due.
          overdue_after: 14d
          # How long before an agent's end date the ledger says that it comes, or off.
          ending_notice: 7d
          # What is done when an end date has passed, beside giving no more tokens: off, warn, suspend, or offboard, which
          # is for good.
          ended: warn

        log:
          # debug, info, warning or error
          level: info
          # text or json
          format: text

        metrics:
          # GET /metrics for Prometheus, which asks without authentication. It holds numbers and no names; a proxy in
          # front should keep it from the outside. false: the path is not there.
          enabled: true

        # Where each request's span goes, as OTLP/HTTP JSON; without it there are none.
        # tracing:
        #   endpoint: "http://127.0.0.1:4318/v1/traces"
        #   # The share of new traces that is recorded, 0 to 1. A caller's own trace goes by the flag in its traceparent.
        #   sample: 1.0

        # How the keys of identity providers (mayfly provider create) are fetched, where they are not registered with them.
        # providers:
        #   # true: also from addresses of this machine and of its link, and there by http. Cloud machines give out
        #   # credentials at such an address.
        #   allow_local_addresses: false
        #   # PEM certificates that are trusted instead of the system's, for providers with a private CA.
        #   ca_file: ../config/providers-ca.pem

        # Who is told of what happens: each entry of the ledger of these kinds, once it is durable, until it is taken.
        # notices:
        #   webhooks:
        #     # https, or http to this machine. Each message is signed as Standard Webhooks has it.
        #   - name: approvals
        #     url: "https://chat.example.com/hooks/mayfly"
        #     # Mode 0600; mayfly notice secret makes one.
        #     secret_file: ../keys/approvals.webhook
        #     events: ["approval.raised", "supervision.opened"]
        #     # Only what is about these; each may be left out.
        #     owners: ["owner:support-lead"]
        #     # How long it is tried; 24h when left out.
        #     keep: 6h
        #   commands:
        #     # Gets the message on its standard input. Status 0: taken. 65: refused. Anything else: tried again.
        #   - name: pager
        #     run: ["/usr/local/bin/page-security"]
        #     events: ["token.refused", "action.decided"]
        #     tiers: [4]

        """
    }
}
