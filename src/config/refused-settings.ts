/**
 * Exchange's settings and values that mean nothing here, each with the reason and what to use instead. Settings of
 * Weir stand in backquotes: the shell writes them as its parameters (cli/exchange-words).
 */

const noDirectory = "there is no Active Directory here";
const serverToServer = "it concerns traffic between Exchange servers";

export const refusedSettings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  receiveConnectors: {
    transportRole: "this relay has one transport service; leave it out",
    domainSecureEnabled:
      "mutual TLS by domain is not supported; use `requireTls` and narrow `remoteIpRanges`",
    tlsCertificateName: "certificates are files here; use `tlsCertificateFile` and `tlsKeyFile`",
    tlsDomainCapabilities: "it concerns hybrid traffic with Exchange Online only",
    suppressXAnonymousTls: `${serverToServer}: X-ANONYMOUSTLS is never offered`,
    enableAuthGSSAPI: `${noDirectory}, so neither GSSAPI nor NTLM is offered; use BasicAuth with users`,
    extendedProtectionPolicy:
      "it concerns Integrated authentication, which is not offered; use BasicAuthRequireTLS",
    longAddressesEnabled: `${serverToServer}: XLONGADDR is never offered`,
    orarEnabled: `${serverToServer}: XORAR is never offered`,
    advertiseClientSettings: "there is no Outlook on the web to show them in",
    serviceDiscoveryFqdn: `${noDirectory} to publish it in; use \`fqdn\``,
    maxLocalHopCount: "one relay has no local servers to count hops between; use `maxHopCount`",
    liveCredentialEnabled: "it belonged to Microsoft's own services",
    proxyEnabled: "there is no front end that proxies here",
    server: "the connectors of a file belong to the relay that reads it; leave it out",
    identity: "a connector is known by its name; use `name`",
    guid: "a connector is known by its name; use `name`",
    distinguishedName: `${noDirectory}; use \`name\``,
    adminDisplayName: `${noDirectory}; use \`name\` and \`comment\``,
    custom: "usage is one word here: usage: custom",
    client: "usage is one word here: usage: client",
    internal: "usage is one word here: usage: internal",
    internet: "usage is one word here: usage: internet",
    partner: "usage is one word here: usage: partner",
  },
  sendConnectors: {
    domainSecureEnabled:
      "mutual TLS by domain is not supported; use `requireTls` with `tlsAuthLevel` DomainValidation",
    tlsCertificateName: "certificates are files here; use `tlsCertificateFile` and `tlsKeyFile`",
    clientSecret:
      "secrets are not kept in clear here; name a file (clientSecretFile) or a variable (clientSecretEnv)",
    isScopedConnector: "it concerns several Active Directory sites",
    sourceTransportServers: "the connectors of a file belong to the relay that reads it; leave it out",
    sourceRoutingGroup: "there are no routing groups here",
    homeMtaServerId: "the connectors of a file belong to the relay that reads it; leave it out",
    homeMTA: "the connectors of a file belong to the relay that reads it; leave it out",
    useExternalDNSServersEnabled:
      "externalDnsServers of the transport service are asked for all names where they are given, else the system's",
    linkedReceiveConnector: "routing is by `addressSpaces` only",
    frontendProxyEnabled: "there is no front end to send through",
    cloudServicesMailEnabled: "it concerns hybrid traffic with Exchange Online only",
    connectedDomains: "there are no routing groups here",
    connectorType: "`addressSpaces` decide what a connector takes",
    usage: "it only presets `maxMessageSize` on send connectors; give `maxMessageSize`",
  },
  transport: {
    maxPerDomainOutboundConnections:
      "use `maxPerDomainOutboundConnections` of a send connector that delivers by MX record, `maxConcurrentConnections` of one with smart hosts",
    externalDNSAdapterEnabled: "give the servers: externalDnsServers",
    externalDNSAdapterGuid: "give the servers: externalDnsServers",
    externalDNSProtocolOption: "UDP is used, and TCP where an answer does not fit",
    maxReceiveSize: "use `maxMessageSize` of the receive connector",
    maxSendSize: "use `maxMessageSize` of the send connector",
    maxRecipientEnvelopeLimit: "use `maxRecipientsPerMessage` of the receive connector",
    mailboxDeliveryQueueRetryInterval: "there are no mailboxes here",
    maxConcurrentMailboxDeliveries: "there are no mailboxes here",
    maxConcurrentMailboxSubmissions: "there are no mailboxes here",
    shadowRedundancyEnabled: "there is one server only; every message is on disk before it is acknowledged",
    rejectMessageOnShadowFailure:
      "there is one server only; every message is on disk before it is acknowledged",
    safetyNetHoldTime: "there is no Safety Net here",
    receiveProtocolLogPath: "logs stand below the data directory, this one in logs/SmtpReceive",
    sendProtocolLogPath: "logs stand below the data directory, this one in logs/SmtpSend",
    messageTrackingLogPath: "logs stand below the data directory, this one in logs/MessageTracking",
  },
};

/** By the setting's name and the value. */
export const refusedValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  authMechanism: {
    Integrated: `Integrated is not supported: ${noDirectory}; use BasicAuth or BasicAuthRequireTLS with users`,
    ExchangeServer: `ExchangeServer is not supported: ${serverToServer}; use ExternalAuthoritative with narrow remoteIpRanges`,
  },
  permissionGroups: {
    Custom: "Custom is not supported: single rights are settings here, such as anonymousRelay",
  },
  smartHostAuthMechanism: {
    ExchangeServer: `ExchangeServer is not supported: ${serverToServer}; use BasicAuthRequireTLS`,
    ExternalAuthoritative:
      "ExternalAuthoritative is not supported towards smart hosts; use None, and requireTls",
  },
};
