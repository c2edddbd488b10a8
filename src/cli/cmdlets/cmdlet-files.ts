/**
 * In which file each command stands: one is found without loading the others, which would take longer than most commands
 * take to do what they are for.
 */
import type { Cmdlet } from "../cmdlet.ts";

export interface CmdletFile {
  readonly names: readonly string[];
  readonly load: () => Promise<readonly Cmdlet[]>;
}

export const cmdletFiles: readonly CmdletFile[] = [
  {
    names: ["start", "check", "init", "demo", "sendmail", "hash-password", "schema"],
    load: async () => (await import("./running.ts")).runningCmdlets,
  },
  {
    names: ["Suspend-Service", "Resume-Service", "reload", "healthcheck", "stop"],
    load: async () => (await import("./service.ts")).serviceCmdlets,
  },
  {
    names: ["doctor", "support-bundle", "backup", "restore"],
    load: async () => (await import("./upkeep.ts")).upkeepCmdlets,
  },
  {
    names: ["cluster"],
    load: async () => (await import("./cluster.ts")).clusterCmdlets,
  },
  {
    names: ["Get-Node", "Suspend-Node", "Resume-Node", "Remove-Node", "Get-AdminAuditLog"],
    load: async () => (await import("./nodes.ts")).nodeCmdlets,
  },
  {
    names: ["Get-ConfigurationVersion", "Restore-ConfigurationVersion"],
    load: async () => (await import("./configuration-versions.ts")).configurationVersionCmdlets,
  },
  {
    names: ["Get-AdminToken", "New-AdminToken", "Remove-AdminToken"],
    load: async () => (await import("./admin-tokens.ts")).adminTokenCmdlets,
  },
  {
    names: [
      "explain",
      "Get-LimitAdvice",
      "Test-Relay",
      "Get-LimitUsage",
      "Get-Refusal",
      "Get-LegacyTlsClient",
      "Get-ResourcePressure",
      "Get-Connection",
      "Get-EventLog",
      "Get-EventLogLevel",
      "Set-EventLogLevel",
      "Test-SmtpConnectivity",
      "status",
    ],
    load: async () => (await import("./diagnostics.ts")).diagnosticCmdlets,
  },
  {
    names: ["Get-Webhook", "New-Webhook", "Set-Webhook", "Remove-Webhook", "Test-Webhook"],
    load: async () => (await import("./webhooks.ts")).webhookCmdlets,
  },
  {
    names: ["Get-MessageTrackingLog"],
    load: async () => (await import("./tracking.ts")).trackingCmdlets,
  },
  {
    names: [
      "Get-ReceiveConnector",
      "Set-ReceiveConnector",
      "New-ReceiveConnector",
      "Enable-ReceiveConnector",
      "Disable-ReceiveConnector",
      "Remove-ReceiveConnector",
      "Test-ReceiveConnector",
    ],
    load: async () => (await import("./receive-connectors.ts")).receiveConnectorCmdlets,
  },
  {
    names: ["Get-AcceptedDomain", "New-AcceptedDomain", "Set-AcceptedDomain", "Remove-AcceptedDomain"],
    load: async () => (await import("./accepted-domains.ts")).acceptedDomainCmdlets,
  },
  {
    names: ["Get-User", "New-User", "Set-User", "Remove-User"],
    load: async () => (await import("./users.ts")).userCmdlets,
  },
  {
    names: ["Get-ApiKey", "New-ApiKey", "Set-ApiKey", "Remove-ApiKey"],
    load: async () => (await import("./api-keys.ts")).apiKeyCmdlets,
  },
  {
    names: ["Get-Application", "New-Application", "Set-Application", "Remove-Application"],
    load: async () => (await import("./applications.ts")).applicationCmdlets,
  },
  {
    names: [
      "Get-SendConnector",
      "Set-SendConnector",
      "New-SendConnector",
      "Enable-SendConnector",
      "Disable-SendConnector",
      "Remove-SendConnector",
      "Test-SendConnector",
      "Resolve-NextHop",
      "Test-Route",
      "Get-TransportService",
      "Set-TransportService",
    ],
    load: async () => (await import("./send-connectors.ts")).sendConnectorCmdlets,
  },
  {
    names: ["Get-MtaStsPolicy", "Get-TlsReport"],
    load: async () => (await import("./outgoing-tls.ts")).outgoingTlsCmdlets,
  },
  {
    names: [
      "Get-AddressRewriteEntry",
      "New-AddressRewriteEntry",
      "Set-AddressRewriteEntry",
      "Remove-AddressRewriteEntry",
    ],
    load: async () => (await import("./address-rewrite-entries.ts")).addressRewriteEntryCmdlets,
  },
  {
    names: ["Get-TransportConfig", "Set-TransportConfig"],
    load: async () => (await import("./transport-config.ts")).transportConfigCmdlets,
  },
  {
    names: ["Get-DkimKey", "New-DkimKey", "Set-DkimKey", "Remove-DkimKey", "Test-DkimKey"],
    load: async () => (await import("./dkim-keys.ts")).dkimKeyCmdlets,
  },
  {
    names: [
      "Get-Queue",
      "Get-SendBudget",
      "Suspend-Queue",
      "Resume-Queue",
      "Get-Message",
      "Suspend-Message",
      "Resume-Message",
      "Retry-Message",
      "Redirect-Message",
      "Remove-Message",
      "Export-Message",
      "Retry-Queue",
    ],
    load: async () => (await import("./queues.ts")).queueCmdlets,
  },
  {
    names: [
      "Import-ReceiveConnector",
      "Import-SendConnector",
      "Import-AcceptedDomain",
      "Import-PostfixConfiguration",
      "Import-IisSmtp",
    ],
    load: async () => (await import("./moving-here.ts")).movingCmdlets,
  },
  {
    names: ["shell", "help", "completion", "complete"],
    load: async () => (await import("./shell.ts")).shellCmdlets,
  },
];
