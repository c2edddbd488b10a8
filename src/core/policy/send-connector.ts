/**
 * The settings of a Send connector, by Exchange's names, and the choice among them. Durations are
 * milliseconds, sizes octets, `unlimited` is Infinity. Sources: Set-SendConnector; "Connector selection in
 * external message routing".
 */

/** `*`, `contoso.com` (that domain only) or `*.contoso.com` (the domain and its subdomains). */
export interface AddressSpace {
  /** Lower case, A-labels; without the `*.` prefix; empty for `*`. */
  readonly domain: string;
  readonly subdomains: boolean;
  /** 1..100, lower wins. */
  readonly cost: number;
}

export interface SmartHost {
  /** IP address in canonical form, or host name (lower case, A-labels). */
  readonly host: string;
  readonly port: number;
}

interface SendConnectorCommon {
  readonly name: string;
  readonly enabled: boolean;
  readonly comment: string;
  readonly addressSpaces: readonly AddressSpace[];
  readonly maxMessageSize: number;
}

export interface SmtpSendConnector extends SendConnectorCommon {
  readonly kind: "smartHost";
  readonly smartHosts: readonly SmartHost[];
  readonly fqdn: string;
  readonly requireTls: boolean;
  readonly ignoreStartTls: boolean;
  readonly tlsAuthLevel: "EncryptionOnly" | "CertificateValidation" | "DomainValidation";
  readonly tlsDomain: string | undefined;
  readonly smartHostAuthMechanism: "None" | "BasicAuth" | "BasicAuthRequireTLS";
  readonly authenticationCredential: { readonly userName: string; readonly password: string } | undefined;
  readonly connectionInactivityTimeOut: number;
  readonly smtpMaxMessagesPerConnection: number;
  /** Exchange: MaxPerDomainOutboundConnections, here per send connector's next hop. */
  readonly maxConcurrentConnections: number;
  readonly forceHelo: boolean;
  /** Weir's own: offer BDAT where the peer does. */
  readonly chunkingEnabled: boolean;
  readonly pipeliningEnabled: boolean;
  readonly protocolLoggingLevel: "None" | "Verbose";
}

export interface DropSendConnector extends SendConnectorCommon {
  readonly kind: "drop";
  /** Absolute path. Each message becomes one `.eml` file. */
  readonly dropDirectory: string;
}

export type SendConnectorSettings = SmtpSendConnector | DropSendConnector;
