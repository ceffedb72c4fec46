internal import Glibc

/// The program.
@main enum Mayfly {
    static let commands = CommandTable(
        commands: [InitCommand.command, ServeCommand.command, DoctorCommand.command]
            + AgentCommands.all + RegistryCommands.all + ProviderCommands.all + PersonCommands.all + TrustCommands.all
            + [ApplyCommand.command] + RevokeCommands.all + SigningKeyCommands.all
            + ApprovalCommands.all + SupervisionCommands.all + NoticeCommands.all + PolicyCommands.all
            + LedgerCommands.all + StoreCommands.all + ClusterCommands.all + TokenCommands.all
            + [EvaluateCommand.command, ExecCommand.command, ReportCommand.command])

    static func main() {
        exit(commands.run(Array(CommandLine.arguments.dropFirst()), environment: Environment.variables()))
    }
}
