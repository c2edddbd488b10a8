/** Properties of IIS's SMTP service that are no settings here, or whose work this relay does not do. */
import { ownValue } from "../own-value.ts";

const nothing =
  /^(?:ace|admin|aspsession|caps|cluster|csnapin|defaultlogon|keytype|log|nonssl|routinglvl|routingsources|routingdll|schema|serverautostart|servercomment|serverlistenbacklog|serverlistentimeout|serversize|serverstate|shouldpipeline|smtpdomainvalidation|smtpinbound|smtpoutbound|smtpcommandlog|smtplocal|smtpdsn|smtpinitial|smtpremoteretrythreshold|smtpservice|smtpssl|supports|unknownname_|updateddefaultdomain|updatedfqdn|vrfy|allowverify|win32error|accessflags|namelookup|nameresolution|enablereversedns|etrn|maxdirbuffers|maxendpointconnections|maxoutconnections$|maxdsn|poptimeout|remotetimeout|maxsessionsize|relayforauth|authflags|ipsecurity|relayiplist|serverbindings|defaultdomain|smarthosttype)/i;

export function isWithoutMeaning(name: string): boolean {
  return nothing.test(name);
}

const reasons: Readonly<Record<string, string>> = {
  pickupdirectory: "name a directory with transport.pickupDirectoryPath; it wants pickupConnector",
  badmaildirectory: "there is no folder for bad mail: its sender is told, and event 20122 where that fails",
  queuedirectory: "the queue is kept in dataDirectory",
  dropdirectory: "a send connector with dropDirectory writes mail to files",
  sendbadto: "no copies of reports are sent",
  sendndrto: "no copies of reports are sent",
  badmailaddress: "no copies of reports are sent",
  masqueradedomain:
    "senders are rewritten by addressRewriteEntries: weir New-AddressRewriteEntry -InternalAddress old.local -ExternalAddress contoso.com",
  domainrouting: "routes are address spaces of send connectors",
  smtpremoteprogressiveretry:
    "retries follow messageRetryInterval and the queue's own intervals (Set-TransportService)",
  securebindings: "TLS from the first octet is not supported; clients use STARTTLS",
  accesssslflags: "requireTls and authMechanism say it: Set-ReceiveConnector -RequireTLS true",
  routepassword: "passwords are not copied",
  sslcerthash: "certificates are files here; use tlsCertificateFile and tlsKeyFile",
  sslstorename: "certificates are files here; use tlsCertificateFile and tlsKeyFile",
  sasllogondomain: "accounts are kept in weir.yaml (users)",
};

export function reasonFor(name: string): string {
  return ownValue(reasons, name.toLowerCase()) ?? "there is no such setting here";
}
