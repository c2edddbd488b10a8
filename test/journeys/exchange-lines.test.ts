/**
 * Lines that administrators of Exchange servers type, as public posts and Microsoft's pages have them, typed into `weir
 * shell`: each is done, or answered with a sentence that says what to type.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cmdlets } from "../../src/cli/cmdlets/all.ts";
import type { Output } from "../../src/cli/output/output.ts";
import { main } from "../../src/cli/main.ts";
import { runScript } from "../../src/cli/shell/run-script.ts";
import { startAdministeredRelay, type AdministeredRelay } from "../../src/testing/administered-relay.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";

let relay: AdministeredRelay;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-lines-"));
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: Default EX01
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
  - name: App Relay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.5"]
    permissionGroups: [AnonymousUsers]
  - name: Old
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.6"]
    permissionGroups: [AnonymousUsers]
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:9"]
`);
});
afterAll(async () => {
  await relay.stop();
  await rm(directory, { recursive: true, force: true });
});

async function typed(line: string): Promise<{ readonly code: number; readonly said: string }> {
  const output = recordingOutput({ width: 200 });
  async function* lines(): AsyncIterable<string> {
    yield* line.replaceAll("C:\\temp", directory).split("\n");
  }
  const runCommand = (words: readonly string[], to: Output) => main(words, to, { config: relay.file });
  const code = await runScript(lines(), { output, cmdlets, runCommand }, { stopOnError: false });
  return { code, said: output.out() + output.complaints() };
}

const done = 0;
const told = 2;
const refused = 1;

it.each<readonly [line: string, code: number, said: RegExp]>([
  // Looking at connectors.
  ["Get-ReceiveConnector", done, /App Relay/],
  ["Get-ReceiveConnector -Server EX01", done, /App Relay/],
  ['Get-ReceiveConnector "EX01\\Default EX01" | fl', done, /MaxInboundConnectionPerSource +: /],
  ["Get-ReceiveConnector | Format-List", done, /^Name +: Default EX01/m],
  ["Get-ReceiveConnector | ft Identity,Bindings,Enabled -AutoSize", done, /^App Relay +\{127/m],
  ["Get-ReceiveConnector | Format-Table Name, Bindings, RemoteIPRanges -Wrap", done, /127\.0\.0\.5/],
  [
    'Get-ReceiveConnector "EX01\\App Relay" | Format-List Name,Bindings,RemoteIPRanges,PermissionGroups,AuthMechanism',
    done,
    /PermissionGroups : AnonymousUsers/,
  ],
  ["Get-ReceiveConnector | fl Name,MaxInbound*", done, /MaxInboundConnectionPercentagePerSource/],
  [
    "Get-ReceiveConnector | Select Name,MessageRateLimit,MaxInboundConnection*,TarpitInterval",
    done,
    /TarpitInterval/,
  ],
  ['Get-ReceiveConnector | where {$_.PermissionGroups -like "*AnonymousUsers*"} | ft Name', done, /Old/],
  [
    "Get-ReceiveConnector | Where-Object {$_.Enabled -eq $true} | Select-Object -ExpandProperty Name",
    done,
    /^Old$/m,
  ],
  ['(Get-ReceiveConnector "EX01\\App Relay").RemoteIPRanges', done, /^127\.0\.0\.5$/m],
  ['(Get-ReceiveConnector "App Relay").RemoteIPRanges | Sort-Object', done, /127\.0\.0\.5/],
  [
    'Get-ReceiveConnector "App Relay" | Select -ExpandProperty RemoteIPRanges | Export-Csv C:\\temp/ips.csv -NoTypeInformation',
    done,
    /1 lines/,
  ],
  ["Get-ReceiveConnector -Identity 'EX01\\Nope'", 1, /there are: Default EX01, App Relay, Old/],
  ['Get-ReceiveConnector "App Relay" | ConvertTo-Json -Depth 3 | Out-File C:\\temp/c.json', done, /^$/],

  // Making and changing them.
  [
    'New-ReceiveConnector -Name "Anonymous Relay" -TransportRole FrontendTransport -Custom -Bindings 127.0.0.1:0 -RemoteIpRanges 192.168.5.10,192.168.5.11 -WhatIf',
    done,
    /192\.168\.5\.11/,
  ],
  [
    'New-ReceiveConnector -Name "Relay 1" -Server EX01 -Usage Custom -TransportRole HubTransport -Bindings ("127.0.0.1:0") -RemoteIPRanges 10.0.0.0/24 -WhatIf',
    done,
    /127\.0\.0\.1:0/,
  ],
  [
    'New-ReceiveConnector -Name "Relay 2" -Usage Internet -Bindings "127.0.0.1:0" -RemoteIPRanges "10.0.1.0/24" -Server EX01 -WhatIf',
    done,
    /10\.0\.1\.0\/24/,
  ],
  [
    'New-ReceiveConnector -Name "Relay 3" -Partner -RemoteIPRanges 10.0.2.1-10.0.2.9 -Bindings 127.0.0.1:0 -WhatIf',
    done,
    /partner/,
  ],
  [
    'Set-ReceiveConnector "Anonymous Relay" -PermissionGroups AnonymousUsers',
    1,
    /there are|no receive connector/i,
  ],
  ['Set-ReceiveConnector "App Relay" -PermissionGroups AnonymousUsers', done, /nothing to change/],
  [
    'Set-ReceiveConnector -Identity "EX01\\App Relay" -PermissionGroups "AnonymousUsers, ExchangeUsers" -WhatIf',
    done,
    /ExchangeUsers/,
  ],
  [
    'Set-ReceiveConnector "App Relay" -AuthMechanism ExternalAuthoritative -PermissionGroups ExchangeServers -WhatIf',
    done,
    /ExternalAuthoritative/,
  ],
  [
    'Set-ReceiveConnector "App Relay" -MaxInboundConnectionPerSource unlimited -MaxInboundConnectionPercentagePerSource 100',
    done,
    /unlimited/,
  ],
  ['Set-ReceiveConnector "EX01\\App Relay" -MessageRateLimit 600 -MessageRateSource IPAddress', done, /600/],
  ['Set-ReceiveConnector "App Relay" -TarpitInterval 00:00:00', done, /TarpitInterval/],
  ['Set-ReceiveConnector "App Relay" -MaxAcknowledgementDelay 0', done, /maxAcknowledgementDelay: 0/],
  [
    'Set-ReceiveConnector "App Relay" -ConnectionTimeout 00:15:00 -ConnectionInactivityTimeout 00:10:00',
    done,
    /00:15:00/,
  ],
  ['Set-ReceiveConnector "App Relay" -MaxMessageSize 50MB -MaxRecipientsPerMessage 500', done, /50 MB/],
  [
    'Set-ReceiveConnector "App Relay" -RemoteIPRanges @{Add="192.168.10.5","192.168.10.6"}',
    done,
    /192\.168\.10\.6/,
  ],
  ['Set-ReceiveConnector "App Relay" -RemoteIPRanges @{Remove="192.168.10.6"}', done, /→/],
  [
    'Set-ReceiveConnector "App Relay" -RemoteIPRanges ((Get-ReceiveConnector "App Relay").RemoteIPRanges + "192.168.10.7")',
    told,
    /@\{Add=/,
  ],
  ["$RecvConn = Get-ReceiveConnector 'EX01\\App Relay'", told, /no variables/],
  ['$RecvConn.RemoteIPRanges += "192.168.10.7"', told, /no variables/],
  ["Set-ReceiveConnector 'EX01\\App Relay' -RemoteIPRanges $RecvConn.RemoteIPRanges", told, /no variables/],
  ['Set-ReceiveConnector "App Relay" -Banner "220 Mail"', done, /Mail/],
  ['Set-ReceiveConnector "App Relay" -Fqdn mail.contoso.com -RequireTLS $false', done, /mail\.contoso\.com/],
  ['Set-ReceiveConnector "App Relay" -ProtocolLoggingLevel Verbose', done, /Verbose/],
  ["Get-ReceiveConnector | Set-ReceiveConnector -ProtocolLoggingLevel Verbose", done, /Default EX01/],
  [
    'Set-ReceiveConnector "App Relay" -TlsCertificateName "<I>CN=R3<S>CN=mail.contoso.com"',
    told,
    /-TlsCertificateFile and -TlsKeyFile/,
  ],
  ['Set-ReceiveConnector "App Relay" -EnableAuthGSSAPI $true', told, /BasicAuth with users/],
  [
    'Set-ReceiveConnector "App Relay" -ExtendedProtectionPolicy None -SizeEnabled EnabledWithoutValue',
    done,
    /without/i,
  ],
  ['Set-ReceiveConnector "App Relay" -Name "Application Relay"', told, /renamed in weir\.yaml/],
  ['Set-ReceiveConnector "App Relay" –Enabled $true', done, /enabled: true/],
  ['Remove-ReceiveConnector "EX01\\Old" -Confirm:$false', done, /Removed/],
  [
    'Get-ReceiveConnector "App Relay" | Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" -ExtendedRights "Ms-Exch-SMTP-Accept-Any-Recipient"',
    told,
    /weir Set-ReceiveConnector "App Relay" -AnonymousRelay true/,
  ],
  [
    "Get-ReceiveConnector 'App Relay' | Add-ADPermission -User 'NT AUTHORITY\\ANONYMOUS LOGON' -ExtendedRights 'ms-Exch-SMTP-Accept-Any-Sender'",
    told,
    /may name any sender/,
  ],
  [
    'Add-ADPermission -Identity "App Relay" -User "NT AUTHORITY\\ANONYMOUS LOGON" -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient,ms-Exch-Bypass-Anti-Spam',
    told,
    /-AnonymousRelay true\n.*no content filter/,
  ],
  [
    'Get-ReceiveConnector "App Relay" | Get-ADPermission | where {$_.ExtendedRights -like "*Any-Recipient*"}',
    told,
    /weir Get-ReceiveConnector "App Relay" -Property Name,PermissionGroups/,
  ],
  [
    'Get-ADPermission "App Relay" -User "NT AUTHORITY\\ANONYMOUS LOGON" | ft User,ExtendedRights',
    told,
    /-Property Name,PermissionGroups/,
  ],
  [
    'Get-ReceiveConnector "App Relay" | Remove-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" -ExtendedRights Ms-Exch-SMTP-Accept-Any-Recipient',
    told,
    /-AnonymousRelay false/,
  ],

  // Send connectors.
  ["Get-SendConnector | fl Name,SmartHosts,AddressSpaces,MaxMessageSize", done, /SmartHosts/],
  [
    'New-SendConnector -Name "To Internet" -AddressSpaces * -SmartHosts smtp.provider.example -DNSRoutingEnabled $false -SourceTransportServers EX01 -Usage Custom -WhatIf',
    done,
    /smtp\.provider\.example/,
  ],
  [
    'New-SendConnector -Name "Partner" -AddressSpaces "SMTP:partner.example;5" -SmartHosts "[192.0.2.1]","[192.0.2.2]" -SmartHostAuthMechanism None -WhatIf',
    done,
    /192\.0\.2\.2/,
  ],
  [
    'New-SendConnector -Name "MX" -Internet -AddressSpaces "*" -DNSRoutingEnabled $true -WhatIf',
    done,
    /DnsRoutingEnabled +\(none\) → True/,
  ],
  ['Set-SendConnector "Out" -MaxMessageSize 35MB -ProtocolLoggingLevel Verbose', done, /Verbose/],
  [
    'Set-SendConnector "Out" -AuthenticationCredential (Get-Credential) -SmartHostAuthMechanism BasicAuthRequireTLS',
    told,
    /PasswordFile/,
  ],
  ["Set-SendConnector Out -SourceIPAddress 10.0.0.9 -WhatIf", done, /10\.0\.0\.9/],
  ["Disable-SendConnector Out", done, /True → False/],
  ["Enable-SendConnector 'EX01\\Out'", done, /False → True/],

  // Queues and messages.
  ["Get-Queue", done, /Submission/],
  [
    "Get-Queue -Server EX01 | ft Identity,Status,MessageCount,NextHopDomain,LastError -AutoSize",
    done,
    /NextHopDomain/,
  ],
  ["Get-Queue -Identity EX01\\Submission", done, /Submission/],
  ['Get-Queue -Filter {Status -eq "Retry"}', done, /no queue fits -Filter/],
  ['Get-Queue -Filter "MessageCount -gt 100" -ResultSize Unlimited', done, /no queue fits -Filter/],
  [
    "Get-Queue | where {$_.MessageCount -gt 0} | Sort MessageCount -Descending | select -First 5",
    done,
    /nothing fits where/,
  ],
  ["(Get-Queue | Measure-Object -Property MessageCount -Sum).Sum", done, /^0$/m],
  ["Get-Queue | Get-Message", done, /no message/],
  ['Retry-Queue -Filter {Status -eq "Retry"}', done, /./],
  ["Retry-Queue -Identity EX01\\Unreachable -Resubmit $true", done, /routed again|tried/],
  ["Suspend-Queue EX01\\Submission -Confirm:$false", done, /suspended/],
  ["Resume-Queue EX01\\Submission", done, /delivered again|resumed/],
  ["Get-Message -ResultSize Unlimited", done, /no message waits/],
  ["Get-Message -Queue EX01\\Submission | fl", done, /no message fits -Queue/],
  [
    'Get-Message -Filter {FromAddress -eq "app@contoso.com"} | Remove-Message -WithNDR $false -Confirm:$false',
    done,
    /no message fits/,
  ],
  ['Get-Message -Server EX01 -Filter {Status -eq "Retry"} | Resume-Message', done, /no message fits/],
  [
    'Export-Message -Identity "EX01\\Submission\\1234" | AssembleMessage -Path C:\\temp/m.eml',
    told,
    /weir Export-Message ID -Path FILE/,
  ],
  ["Get-QueueDigest -Server EX01", done, /Get-Queue here[^]*Submission|Submission[^]*Get-Queue here/],

  // What became of messages; what happened.
  [
    'Get-MessageTrackingLog -Server EX01 -Start "11/28/2026 00:00:00" -End "11/28/2026 23:59:00" -Sender app@contoso.com -ResultSize Unlimited',
    done,
    /no entry of the message tracking log fits/,
  ],
  [
    "Get-MessageTrackingLog -ResultSize Unlimited -Start (Get-Date).AddHours(-1) | group EventId",
    done,
    /no entry/,
  ],
  [
    "Get-MessageTrackingLog -EventId FAIL -Recipients user@contoso.com | select Timestamp,Source,Sender,Recipients,MessageSubject",
    done,
    /no entry/,
  ],
  [
    "Get-MessageTrackingLog -MessageSubject 'report' | ft Timestamp,EventId,Recipients -Wrap | Out-String -Width 4096",
    done,
    /no entry/,
  ],
  ["Get-MessageTrackingLog -NetworkMessageId 5c1c3e52", told, /-MessageId and -InternalMessageId/],
  ["Search-MessageTrackingReport -Identity user", told, /weir explain MESSAGE-ID/],
  ["Set-EventLogLevel 'MSExchangeTransport\\SmtpReceive' -Level Expert", done, /Lowest → Expert/],
  ["Get-EventLogLevel MSExchangeTransport", done, /SmtpReceive/],
  [
    'Get-EventLogLevel "MSExchangeTransport\\SmtpReceive" | Set-EventLogLevel -Level Lowest',
    done,
    /Expert → Lowest/,
  ],
  ["Set-EventLogLevel MSExchangeTransport\\SmtpSend -Level 7", done, /Lowest → Expert/],
  ["Get-EventLog Application -Source MSExchangeTransport -Newest 20", done, /EventId/],
  [
    "Get-EventLog -LogName Application -InstanceId 1021 -After (Get-Date).AddDays(-1)",
    done,
    /no event fits -EventId/,
  ],
  [
    "Get-EventLog -LogName Application -EntryType Error,Warning | fl TimeGenerated,Message",
    done,
    /no event fits/,
  ],
  [
    "Get-EventLog -LogName Application -Newest 2 | ft TimeGenerated,EntryType,Message",
    done,
    /^TimeGenerated +EntryType/,
  ],
  ["Get-WinEvent -LogName Application -MaxEvents 5", done, /EventId/],
  ["Get-EventLog -LogName Application | where {$_.EventID -eq 1021}", done, /nothing fits where/],

  // The server.
  ["Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn", done, /nothing is to be loaded/],
  ["Import-Module ExchangeOnlineManagement", done, /nothing is to be loaded/],
  ["Connect-ExchangeOnline -UserPrincipalName admin@contoso.com", told, /New-SendConnector/],
  ["Set-ADServerSettings -ViewEntireForest $true", done, /no Active Directory/],
  ["Get-ExchangeServer | fl Name,AdminDisplayVersion", told, /there is no property Name; there are version/],
  ["Get-ExchangeServer EX01", done, /Relay +: relay\.test/],
  ["Get-Service MSExchangeTransport", done, /Listening/],
  ["Restart-Service MSExchangeTransport", told, /in force at once|weir reload/],
  ["Restart-Service MSExchangeFrontEndTransport -Force", told, /in force at once|weir reload/],
  ["Get-TransportService EX01 | fl *Log*", done, /MessageTrackingLogEnabled/],
  ["Get-TransportServer", done, /MessageExpirationTimeout/],
  [
    "Set-TransportService EX01 -MessageExpirationTimeout 2.00:00:00 -TransientFailureRetryCount 6",
    done,
    /transientFailureRetryCount: 6/,
  ],
  ["Set-TransportService EX01 -MaxConnectionRatePerMinute 2400", done, /2400/],
  ["Set-TransportService EX01 -PickupDirectoryPath C:\\Pickup", refused, /wants transport\.pickupConnector/],
  ["Get-FrontendTransportService | fl", told, /weir Get-TransportService/],
  ["Set-MailboxServer EX01 -MessageTrackingLogEnabled $true", told, /weir Get-TransportService/],
  ["Get-ServerComponentState EX01", told, /weir /],
  [
    "Set-ServerComponentState EX01 -Component HubTransport -State Draining -Requester Maintenance",
    told,
    /weir /,
  ],
  ["Test-ServiceHealth", done, /Listening/],
  ["Test-Mailflow", told, /weir Test-SmtpConnectivity/],
  [
    "Get-ExchangeDiagnosticInfo -Server EX01 -Process EdgeTransport -Component ResourceThrottling",
    told,
    /weir Get-ResourcePressure/,
  ],
  [
    "Get-ExchangeCertificate | fl Subject,Thumbprint,Services",
    told,
    /weir Get-ReceiveConnector -Property Name,Fqdn,Tls\*/,
  ],
  ["Get-ReceiveConnector -Property Name,Fqdn,Tls*", done, /TlsCertificateFile/],
  [
    "Enable-ExchangeCertificate -Thumbprint 0271A7F1CA9AD8A27152CCAE044F968F068B14B8 -Services SMTP",
    told,
    /-TlsCertificateFile FILE -TlsKeyFile FILE/,
  ],
  [
    'New-ExchangeCertificate -GenerateRequest -SubjectName "cn=mail.contoso.com" -PrivateKeyExportable $true',
    told,
    /PEM files/,
  ],

  // Organisation.
  ["Get-AcceptedDomain | ft Name,DomainName,DomainType", done, /there is no accepted domain|DomainName/],
  [
    "New-AcceptedDomain -Name Contoso -DomainName contoso.com -DomainType ExternalRelay",
    done,
    /contoso\.com/,
  ],
  [
    "Get-TransportConfig | fl MaxSendSize,MaxReceiveSize,MaxRecipientEnvelopeLimit",
    done,
    /MaxReceiveSize +: \d+ MB/,
  ],
  ["Set-TransportConfig -MaxReceiveSize 50MB", done, /Default EX01 MaxMessageSize/],
  ["net stop MSExchangeTransport", told, /weir stop/],
  ["iisreset", told, /in force at once/],
  ["telnet localhost 25", told, /Test-SmtpConnectivity/],
  [
    "New-User app -Password (ConvertTo-SecureString 'x' -AsPlainText -Force)",
    told,
    /weir New-User NAME asks/,
  ],
  [
    "Set-SendConnector Out -AuthenticationCredential @{UserName='relay';Password='hunter2'}",
    told,
    /takes no password: .*PasswordFile/,
  ],
  ["Get-TransportService | Get-MessageTrackingLog -Sender a@contoso.com", done, /fits -Sender|is empty/],
  ["Get-TransportServer | Get-Queue", done, /Submission/],
  [
    "Redirect-Message -Server EX01 -Target EX02.contoso.com",
    told,
    /-Target .*-Connector CONNECTOR or -Server HOST/,
  ],
  ["Get-TransportRule", told, /belongs on the next hop/],
  ["Get-TransportAgent | ft Identity,Enabled", told, /there are no agents/],
  ["Get-IPBlockListEntry", told, /-RemoteIPRanges/],
  ["Set-ContentFilterConfig -Enabled $false", told, /no filter for spam/],
  ["Get-RemoteDomain", told, /no mailboxes/],
  ["Get-Mailbox -ResultSize Unlimited | Measure-Object", told, /no mailboxes/],
  ["Set-Mailbox user -MaxSendSize 50MB", told, /no mailboxes/],
  ["New-ForeignConnector -Name Fax -AddressSpaces 'FAX:*'", told, /-DropDirectory FOLDER/],

  // The shell.
  ["Get-Help Set-ReceiveConnector -Examples", done, /MaxInboundConnectionPerSource/],
  ["Get-Command *ReceiveConnector*", done, /New-ReceiveConnector/],
  ["Get-ReceiveConnector | Get-Member", done, /MaxInboundConnectionPerSource/],
  ["foreach ($c in Get-ReceiveConnector) { $c.Name }", told, /Get-Queue \| Retry-Queue/],
  [
    "Get-ReceiveConnector | ForEach-Object { Set-ReceiveConnector $_.Identity -Banner x }",
    told,
    /is run for each object/,
  ],
  ["Get-Queue | Out-GridView", told, /Export-Csv/],
  [
    "Send-MailMessage -SmtpServer EX01 -From a@contoso.com -To b@contoso.com -Subject Test",
    told,
    /weir explain/,
  ],
])("%s", async (line, code, said) => {
  const ended = await typed(line);
  expect(ended.said).toMatch(said);
  expect(ended.code).toBe(code);
  // Nothing ends with a shrug.
  expect(ended.said).not.toMatch(/there is no command|has no parameter|one word too many|undefined|\[object/);
});
