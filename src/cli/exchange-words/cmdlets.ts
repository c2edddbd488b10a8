/**
 * Cmdlets of Exchange and PowerShell that are no commands here. A command of the same name goes before its word, so
 * that what is built later needs no change here. Of two that fit, the first holds.
 */
import { wildcard } from "../wildcard.ts";
import { adPermissionLines, shownPermissionLines } from "./ad-permission.ts";
import type { CmdletAnswer, CmdletWord } from "./cmdlet-word.ts";

const say = (names: string, text: string): CmdletWord => ({ names: names.split(" "), answer: { say: text } });
const notNeeded = (names: string, text: string): CmdletWord => ({
  names: names.split(" "),
  answer: { notNeeded: text },
});
const alias = (names: string, ...command: readonly [string, ...string[]]): CmdletWord => ({
  names: names.split(" "),
  answer: { alias: command },
});
const from = (
  name: string,
  text: string,
  lines: (words: readonly string[]) => readonly string[],
): CmdletWord => ({
  names: [name],
  answer: { from: lines, say: text },
});

const noMailboxes = "there are no mailboxes and no recipients here: a relay takes mail and carries it on";
const noDirectory = "there is no Active Directory here: all settings of the relay stand in weir.yaml";
const noRules = "nothing looks into messages here or changes them; a rule belongs on the next hop";
const noFilter =
  "there is no filter for spam here; who may connect is said by weir Set-ReceiveConnector NAME -RemoteIPRanges RANGE,…";
const oneServer = "there is one server here, and no other to talk to";

export const cmdletWords: readonly CmdletWord[] = [
  // Help and the session.
  alias("Get-Help man", "help"),
  alias("Get-Command gcm", "help"),
  notNeeded(
    "Add-PSSnapin Import-Module Import-PSSession New-PSSession Enter-PSSession Remove-PSSession Connect-ExchangeServer",
    "nothing is to be loaded: the commands talk to the relay of this machine, whose file is ./weir.yaml or --config FILE",
  ),
  notNeeded("Set-ADServerSettings Set-ExecutionPolicy", noDirectory),
  say(
    "Connect-ExchangeOnline Disconnect-ExchangeOnline Connect-IPPSSession Connect-MgGraph",
    'this is no Exchange Online; weir New-SendConnector Online -AddressSpaces "*" -SmartHosts TENANT.mail.protection.outlook.com -RequireTLS true sends mail there',
  ),

  say(
    "ConvertTo-SecureString New-Object Get-Credential Read-Host",
    "passwords come from files or are asked for: weir New-User NAME asks, and a send connector takes \"@{UserName='relay';PasswordFile='/etc/weir/password'}\"",
  ),

  // Rights.
  from(
    "Add-ADPermission",
    "`weir Set-ReceiveConnector NAME -AnonymousRelay true` lets anonymous clients relay; the right and the user that are typed decide what is named",
    (words) => adPermissionLines("Add", words),
  ),
  from("Remove-ADPermission", "`weir Set-ReceiveConnector NAME -AnonymousRelay false`", (words) =>
    adPermissionLines("Remove", words),
  ),
  from(
    "Get-ADPermission",
    "`weir Get-ReceiveConnector NAME -Property Name,PermissionGroups,AuthMechanism,AnonymousRelay`",
    shownPermissionLines,
  ),

  // Server, services, health.
  alias("Get-ClusterNode Get-DatabaseAvailabilityGroup", "Get-Node"),
  alias("Suspend-ClusterNode", "Suspend-Node"),
  alias("Resume-ClusterNode", "Resume-Node"),
  alias("Remove-ClusterNode", "Remove-Node"),
  alias("Get-TransportServer", "Get-TransportService"),
  alias("Search-AdminAuditLog", "Get-AdminAuditLog"),
  alias("Set-TransportServer", "Set-TransportService"),
  alias("Get-ExchangeServer Get-Service Test-ServiceHealth Get-ServerHealth Get-HealthReport", "status"),
  say(
    "Restart-Service",
    "changes are in force at once, so nothing is to be restarted; a file that was edited is read when it is saved, or by weir reload; the process itself is restarted by whatever started it, such as systemctl restart weir",
  ),
  say(
    "net sc nssm",
    "weir status tells whether the relay runs, weir stop stops it, and whatever started it starts it again, such as systemctl restart weir",
  ),
  say("iisreset", "changes are in force at once, so nothing is to be restarted"),
  say("Start-Service", "weir start, or whatever starts it as a service, such as systemctl start weir"),
  say(
    "Stop-Service",
    "weir stop stops the relay, or whatever started it, such as systemctl stop weir; weir Suspend-Service takes no new mail and delivers what waits",
  ),
  say(
    "Get-ServerComponentState Set-ServerComponentState",
    "weir Suspend-Service takes no new mail while the queues drain, weir Resume-Service takes it again, and weir status shows which it is; of several nodes weir Suspend-Node drains one",
  ),
  say(
    "Get-ExchangeDiagnosticInfo",
    "weir Get-ResourcePressure shows disk, memory, queue and time; weir Get-LimitUsage the limits",
  ),
  say(
    "Test-Mailflow",
    "weir Test-SendConnector NAME -To ADDRESS sends a message, weir Test-SmtpConnectivity tries the listeners; a message of your own is followed by weir explain MESSAGE-ID",
  ),
  say(
    "Test-ReplicationHealth Test-OutlookConnectivity Test-WebServicesConnectivity Test-MAPIConnectivity Test-ImapConnectivity Test-PopConnectivity",
    noMailboxes,
  ),
  say(
    "Send-MailMessage",
    "weir sends nothing of its own; an application or curl sends to a receive connector, and weir explain MESSAGE-ID tells what became of it",
  ),
  say(
    "Test-NetConnection tnc telnet openssl ping",
    "weir Test-SmtpConnectivity tries each binding of each receive connector",
  ),
  alias("Get-NetTCPConnection netstat", "Get-Connection"),
  alias("Get-WinEvent", "Get-EventLog"),
  say("Clear-EventLog Limit-EventLog", "events go by themselves when they are old; docs/events.md"),
  say(
    "Get-Content gc type cat",
    "weir Get-EventLog and weir Get-MessageTrackingLog read the logs; the SMTP dialogues of -ProtocolLoggingLevel Verbose are files under the data directory's logs",
  ),

  // Connectors.
  say(
    "Get-FrontendTransportService Set-FrontendTransportService Get-MailboxTransportService Set-MailboxTransportService",
    "this relay has one transport service: weir Get-TransportService shows it, weir Set-TransportService changes it",
  ),
  say("Get-MailboxServer Set-MailboxServer", `${noMailboxes}; weir Get-TransportService shows its settings`),
  say(
    "Get-ForeignConnector New-ForeignConnector Set-ForeignConnector Remove-ForeignConnector Get-DeliveryAgentConnector New-DeliveryAgentConnector Set-DeliveryAgentConnector Remove-DeliveryAgentConnector",
    "weir New-SendConnector NAME -AddressSpaces DOMAIN -DropDirectory FOLDER writes mail to files",
  ),
  say(
    "Get-InboundConnector New-InboundConnector Set-InboundConnector Remove-InboundConnector",
    "it belongs to Exchange Online; here it is weir Get-ReceiveConnector and weir New-ReceiveConnector",
  ),
  say(
    "Get-OutboundConnector New-OutboundConnector Set-OutboundConnector Remove-OutboundConnector",
    "it belongs to Exchange Online; here it is weir Get-SendConnector and weir New-SendConnector",
  ),
  say("Validate-OutboundConnector", "weir Test-SendConnector NAME -To ADDRESS goes the way out step by step"),
  say(
    "Get-IntraOrganizationConnector New-IntraOrganizationConnector Get-HybridConfiguration New-HybridConfiguration Set-HybridConfiguration Update-HybridConfiguration Get-FederationTrust",
    oneServer,
  ),
  say(
    "*-RoutingGroupConnector *-AdSite *-AdSiteLink *-X400AuthoritativeDomain *-EdgeSubscription *-EdgeSynchronization *-EdgeSyncServiceConfig *-DatabaseAvailabilityGroup* *-ClientAccessServer *-ClientAccessService",
    oneServer,
  ),

  // Certificates.
  say(
    "Get-ExchangeCertificate",
    "certificates are files here: weir Get-ReceiveConnector -Property Name,Fqdn,Tls* shows which",
  ),
  say(
    "New-ExchangeCertificate Import-ExchangeCertificate Enable-ExchangeCertificate Remove-ExchangeCertificate Export-ExchangeCertificate Import-PfxCertificate New-SelfSignedCertificate",
    "certificates are PEM files here: weir Set-ReceiveConnector NAME -TlsCertificateFile FILE -TlsKeyFile FILE; without them a receive connector makes one of its own",
  ),

  // Domains and addresses.
  say(
    "Get-AcceptedDomain New-AcceptedDomain Set-AcceptedDomain Remove-AcceptedDomain",
    "acceptedDomains in weir.yaml lists the domains that anonymous clients may send to",
  ),
  say(
    "*-RemoteDomain *-EmailAddressPolicy *-AddressList *-GlobalAddressList *-OfflineAddressBook *-AddressBookPolicy",
    noMailboxes,
  ),

  // Organisation.
  say(
    "Get-OrganizationConfig Set-OrganizationConfig",
    "weir Get-TransportConfig and weir Get-TransportService hold what concerns the whole relay; Set-TransportConfig and Set-TransportService change it",
  ),
  say(
    "*-ThrottlingPolicy *-ThrottlingPolicyAssociation",
    "limits are settings of each receive connector: weir Get-LimitUsage shows them with who meets them",
  ),
  say(
    "*-SystemMessage",
    "the texts of reports are fixed; weir Set-TransportService -DsnMaxMessageAttachSize and -ExternalPostmasterAddress change what goes with them",
  ),

  // Queues and messages.
  alias("Get-QueueDigest", "Get-Queue"),
  say(
    "Get-NetworkConnectionInfo",
    "weir status shows where the relay listens, weir Get-Connection who is connected",
  ),
  say("AssembleMessage Assemble-Message", "not needed: weir Export-Message ID -Path FILE writes the message"),
  say(
    "Search-MessageTrackingReport Get-MessageTrackingReport Get-MessageTrace Get-MessageTraceV2 Get-MessageTraceDetail Start-HistoricalSearch",
    "weir explain MESSAGE-ID tells the whole way of a message; weir Get-MessageTrackingLog -Sender, -Recipients and -MessageSubject find it",
  ),
  say(
    "*-ResubmitRequest",
    "there is no Safety Net here: a message is on disk until it is delivered; weir Retry-Queue NAME -Resubmit true routes it again",
  ),
  say(
    "Get-QuarantineMessage Release-QuarantineMessage",
    "nothing is quarantined here; what cannot be read stands under the data directory's damaged",
  ),

  // What looks into mail.
  say(
    "*-TransportRule *-TransportRuleCollection *-TransportRuleAction *-TransportRulePredicate *-JournalRule *-MessageClassification *-DlpPolicy *-RMSTemplate *-IRMConfiguration *-OutlookProtectionRule",
    noRules,
  ),
  say("*-TransportAgent Get-TransportPipeline", `there are no agents: ${noRules}`),
  say(
    "*-IPBlockListEntry *-IPBlockListConfig *-IPBlockListProvider* *-IPAllowListEntry *-IPAllowListConfig *-IPAllowListProvider* *-ContentFilter* *-SenderFilterConfig *-RecipientFilterConfig *-SenderIdConfig *-SenderReputationConfig *-Malware* *-HostedContentFilter* *-HostedConnectionFilter* *-AntiSpam* Update-Safelist Test-SenderId Test-IPBlockListProvider Test-IPAllowListProvider",
    noFilter,
  ),

  // Mailboxes, and PowerShell itself.
  say(
    "*-Mailbox* *-Recipient *-RecipientPermission *-DistributionGroup* *-DynamicDistributionGroup *-MailContact *-MailUser *-RemoteMailbox *-CASMailbox* *-UMMailbox *-PublicFolder* *-MailPublicFolder *-Contact *-Group *-InboxRule *-CalendarProcessing *-ActiveSync* *-MobileDevice* *-RetentionPolicy* *-MoveRequest* *-MigrationBatch *-StoreMailbox *-LogonStatistics *-SharingPolicy *-Place",
    noMailboxes,
  ),
  say("*-*VirtualDirectory *-OutlookProvider *-OutlookAnywhere *-OWA* Get-OwaMailboxPolicy", noMailboxes),
  say(
    "*-ManagementRole* *-RoleGroup* *-ManagementScope *-AdminAuditLog* Search-UnifiedAuditLog",
    "weir New-AdminToken gives somebody a role in the console; who changed what shows weir Get-AdminAuditLog",
  ),
  say(
    "Get-ADUser Get-ADComputer Get-ADGroup Set-ADUser Get-ADObject Resolve-DnsName nslookup",
    `weir knows no directory and asks no questions of it: ${noDirectory}`,
  ),
];

/** Undefined: it is no cmdlet of Exchange's that is known here. */
export function cmdletWordFor(typed: string): CmdletAnswer | undefined {
  const name = typed.toLowerCase();
  return cmdletWords.find(({ names }) =>
    names.some((pattern) => wildcard(pattern)?.(name) ?? pattern.toLowerCase() === name),
  )?.answer;
}
