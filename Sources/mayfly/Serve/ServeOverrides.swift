import MayflyConfig

/// What the command line of `mayfly serve` says in place of the configuration, at the start and at each reload.
struct ServeOverrides {
    private let listen: MayflyConfig.ListenAddress?
    private let node: String?

    init(_ call: Invocation) throws(CommandError) {
        if let text = call.value("listen") {
            guard let listen = MayflyConfig.ListenAddress(text) else {
                throw .usage("--listen cannot be used", next: "it \(MayflyConfig.ListenAddress.rule)")
            }
            self.listen = listen
        } else {
            listen = nil
        }
        node = call.value("node")
        if let node, !ClusterConfig.isName(node) {
            throw .usage("--node cannot be used", next: "it " + ClusterConfig.nameRule)
        }
    }

    /// Puts it over what the file says, and checks what only both together can say.
    func apply(to config: inout BrokerConfig) throws(CommandError) {
        if let listen {
            config.listen = listen
            guard config.isListenerSafe else {
                throw .usage("--listen cannot be used", next: "it " + BrokerConfig.plainListenerRule)
            }
        }
        if let node {
            guard case .postgres = config.store else {
                throw .failed(
                    "--node is for brokers that share a PostgreSQL database, and the store is a file",
                    next: "move it with: mayfly store migrate")
            }
            if config.cluster == nil { config.cluster = ClusterConfig(node: node) }
            config.cluster?.node = node
        }
        if config.cluster != nil, config.listen.port == 0, config.issuer.text == "http://" + config.issuer.bracketedHost
        {
            throw .failed(
                "each node would get a free port, and with it an issuer of its own",
                next: "give the issuer in mayfly.yaml a port, or listen on one")
        }
        if let cluster = config.cluster, cluster.node == nil {
            throw .failed("this node of the cluster has no name", next: "set cluster.node, or give --node NAME")
        }
    }
}
