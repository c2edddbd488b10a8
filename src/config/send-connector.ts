/** From what a file gives to the settings of a Send connector, and the rules within one. Source: Set-SendConnector. */
import type { OAuthSettings } from "../core/policy/oauth-settings.ts";
import type { SendConnectorSettings, SmtpSendConnector } from "../core/policy/send-connector.ts";
import { sendPresets } from "../core/policy/send-presets.ts";
import { needsTls } from "../core/policy/tls-needed.ts";
import type { Findings, Path } from "./fault.ts";
import { secretOfEnv, secretOfFile, type SecretSources } from "./secret-sources.ts";
import { checkGraphConnector, graphSettings, type Rule } from "./send-connector-graph.ts";
import {
  defaultFallbackAfterMs,
  type GivenSendConnector,
  dnsOnlySettings,
  graphOnlySettings,
  oneNextHopSettings,
  sendingSettings,
  smtpOnlySettings,
} from "./send-connector-schema.ts";

type Section = Readonly<Record<string, unknown>>;
type Credential = { readonly userName: string; readonly password: string };

/** Undefined where what it needs was not to be had, which is told. */
export function sendConnectorSettings(
  given: GivenSendConnector,
  relay: {
    readonly hostname: string;
    readonly inDataDirectory: (file: string) => string;
    readonly credential: Credential | undefined;
    readonly oauth: OAuthSettings | undefined;
    readonly tls: Pick<SmtpSendConnector, "tlsClient" | "tlsCa">;
  },
): SendConnectorSettings | undefined {
  const { name, enabled, comment, addressSpaces, maxMessageSize } = given;
  const common = { name, enabled, comment, addressSpaces, maxMessageSize, ...waysOf(given) };
  if (given.dropDirectory !== undefined) {
    return { ...common, kind: "drop", dropDirectory: relay.inDataDirectory(given.dropDirectory) };
  }
  if (given.preset === "graph") return graphSettings(given, common, relay.oauth);
  const {
    dropDirectory: _drop,
    graphRoot: _root,
    overflowConnector: _overflow,
    senderSpaces: _senders,
    receiveConnectors: _receive,
    applications: _applications,
    fallbackConnector: _fallback,
    fallbackAfter: _after,
    fallbackMayWeakenTls: _weaken,
    smartHosts = [],
    dnsRoutingEnabled,
    maxConcurrentConnections,
    maxPerDomainOutboundConnections,
    authenticationCredential: _credential,
    tlsCertificateFile: _certificate,
    tlsKeyFile: _key,
    tlsCaFile: _ca,
    ...smtp
  } = given;
  const hosts = smartHosts.map((host) => ({ host: host.host, port: host.port ?? given.port }));
  const mechanism = given.smartHostAuthMechanism;
  return {
    ...smtp,
    ...common,
    ...relay.tls,
    kind: dnsRoutingEnabled ? "dns" : "smartHost",
    smartHosts: hosts,
    maxConcurrentConnections: dnsRoutingEnabled ? maxPerDomainOutboundConnections : maxConcurrentConnections,
    fqdn: given.fqdn ?? relay.hostname,
    tlsDomain: given.tlsDomain,
    implicitTls: given.implicitTls ?? (hosts.length > 0 && hosts.every((host) => host.port === 465)),
    daneEnabled: given.daneEnabled ?? dnsRoutingEnabled,
    requireTlsPolicy: given.requireTlsPolicy ?? (dnsRoutingEnabled ? "enforce" : "opportunisticStartTls"),
    sourceIpAddress: given.sourceIpAddress,
    authenticationCredential: mechanism.startsWith("BasicAuth") ? relay.credential : undefined,
    oauth: isOAuth(mechanism) ? relay.oauth : undefined,
    preset: given.preset,
  };
}

/** Who may use it, and who takes over. */
function waysOf(given: GivenSendConnector): Pick<SmtpSendConnector, "restrictions" | "fallback"> {
  const { senderSpaces, receiveConnectors, applications, fallbackConnector, fallbackAfter } = given;
  const mayWeakenTls = given.fallbackMayWeakenTls ? { mayWeakenTls: true as const } : undefined;
  const isRestricted = senderSpaces.length + receiveConnectors.length + applications.length > 0;
  return {
    ...(isRestricted ? { restrictions: { senderSpaces, receiveConnectors, applications } } : undefined),
    ...(fallbackConnector === undefined
      ? undefined
      : {
          fallback: {
            connector: fallbackConnector,
            afterMs: fallbackAfter ?? defaultFallbackAfterMs,
            ...mayWeakenTls,
          },
        }),
  };
}

const isOAuth = (mechanism: GivenSendConnector["smartHostAuthMechanism"]): boolean =>
  mechanism === "XOAUTH2" || mechanism === "OAUTHBEARER";

/**
 * Exchange's rules between the settings of one connector; those that concern a setting in `faulty` are left
 * out. `written` tells which settings the file gives, a preset's included.
 */
export function checkSendConnector(
  given: GivenSendConnector,
  written: Section,
  faulty: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  const rule: Rule = (isBroken, [at, ...others], message) => {
    if (isBroken && ![at, ...others].some((name) => faulty.has(name))) findings.fault([...path, at], message);
  };
  if (given.fallbackAfter !== undefined && given.fallbackConnector === undefined && faulty.size === 0)
    findings.warning([...path, "fallbackAfter"], "is not used: there is no fallbackConnector");
  if (given.fallbackMayWeakenTls && given.fallbackConnector === undefined && faulty.size === 0)
    findings.warning([...path, "fallbackMayWeakenTls"], "is not used: there is no fallbackConnector");
  const isGraph = given.preset === "graph" && !faulty.has("preset");
  const drops = written["dropDirectory"] !== undefined;
  const sends = written["smartHosts"] !== undefined;
  const asksDns = given.dnsRoutingEnabled && !faulty.has("dnsRoutingEnabled");
  if (drops && sends && !isGraph) {
    findings.fault([...path, "dropDirectory"], "stands beside smartHosts; a connector has one of the two");
    return;
  }
  if (asksDns && given.preset !== undefined)
    return findings.fault([...path, "preset"], "means nothing with dnsRoutingEnabled; take it out");
  if (asksDns && (drops || sends)) {
    const other = drops ? "dropDirectory" : "smartHosts";
    findings.fault([...path, "dnsRoutingEnabled"], `stands beside ${other}; a connector has one of the two`);
    return;
  }
  if (drops && !isGraph) {
    for (const name of [...smtpOnlySettings, ...sendingSettings, ...dnsOnlySettings, ...graphOnlySettings]) {
      rule(written[name] !== undefined, [name], "means nothing beside dropDirectory; take it out");
    }
    return;
  }
  if (isGraph) return checkGraphConnector(given, written, rule);
  for (const name of graphOnlySettings)
    rule(written[name] !== undefined, [name, "preset"], "means nothing without preset: graph; take it out");
  if (asksDns) checkDnsConnector(given, written, rule);
  else
    for (const name of dnsOnlySettings)
      rule(
        written[name] !== undefined,
        [name, "dnsRoutingEnabled"],
        "means nothing without dnsRoutingEnabled: true; take it out",
      );
  if (!sends && !asksDns && !faulty.has("preset") && !faulty.has("dnsRoutingEnabled")) {
    const hint = given.preset === undefined ? undefined : sendPresets[given.preset].hostHint;
    findings.fault(
      path,
      hint === undefined
        ? "has no next hop; give smartHosts, dnsRoutingEnabled: true (delivery by MX record) or dropDirectory"
        : `has no next hop; with preset ${given.preset} it depends on the account: give smartHosts, such as ["${hint}:587"]`,
    );
  }
  const { requireTls, ignoreStartTls, tlsAuthLevel, smartHostAuthMechanism: mechanism } = given;
  const credential = given.authenticationCredential !== undefined;
  const tokens = isOAuth(mechanism);
  rule(requireTls && ignoreStartTls, ["ignoreStartTls", "requireTls"], "must be false with requireTls");
  rule(
    given.daneEnabled === true && ignoreStartTls && given.implicitTls !== true,
    ["daneEnabled", "ignoreStartTls"],
    "means nothing with ignoreStartTls; take it out",
  );
  rule(
    tlsAuthLevel !== "EncryptionOnly" && !requireTls,
    ["tlsAuthLevel", "requireTls"],
    "needs requireTls: true",
  );
  rule(
    tlsAuthLevel === "DomainValidation" && given.tlsDomain === undefined,
    ["tlsAuthLevel", "tlsDomain"],
    "DomainValidation needs tlsDomain, the name the certificate must carry",
  );
  rule(
    mechanism.startsWith("BasicAuth") && !credential,
    ["smartHostAuthMechanism", "authenticationCredential"],
    `${mechanism} needs authenticationCredential`,
  );
  rule(
    tokens && given.oauth === undefined,
    ["smartHostAuthMechanism", "oauth"],
    `${mechanism} needs oauth, which tells where tokens come from`,
  );
  rule(
    needsTls(mechanism) && ignoreStartTls && given.implicitTls !== true,
    ["ignoreStartTls", "smartHostAuthMechanism"],
    `must be false with smartHostAuthMechanism ${mechanism}`,
  );
  const { sourceIpAddress: source, ipPreference } = given;
  rule(
    source !== undefined && ipPreference === (source.includes(":") ? "IPv4Only" : "IPv6Only"),
    ["ipPreference", "sourceIpAddress"],
    `${ipPreference} leaves nothing that sourceIpAddress ${source ?? ""} could connect to`,
  );
  const { errorPolicies, customFailures } = given;
  for (const [policy, isPermanent] of customPolicies)
    rule(
      errorPolicies.includes(policy) &&
        !customFailures.some((failure) => failure.isPermanent === isPermanent),
      ["errorPolicies", "customFailures"],
      `${policy} needs customFailures, the replies it is for (${isPermanent ? "5xx" : "4xx"})`,
    );
  if (faulty.size > 0) return;
  for (const [index, failure] of customFailures.entries())
    if (!customPolicies.some(([policy, is]) => is === failure.isPermanent && errorPolicies.includes(policy)))
      findings.warning(
        [...path, "customFailures", index],
        `is not used: errorPolicies has no ${failure.isPermanent ? "DowngradeCustomFailures" : "UpgradeCustomFailures"}`,
      );
  if (!mechanism.startsWith("BasicAuth") && credential) {
    findings.warning(
      [...path, "authenticationCredential"],
      `is not used: smartHostAuthMechanism is ${mechanism}`,
    );
  }
  if (!tokens && given.oauth !== undefined)
    findings.warning([...path, "oauth"], `is not used: smartHostAuthMechanism is ${mechanism}`);
  if (!tokens && Object.keys(given.senderMailboxes).length > 0)
    findings.warning(
      [...path, "senderMailboxes"],
      `is not used: nobody logs on by mailbox with smartHostAuthMechanism ${mechanism}`,
    );
  if (mechanism === "BasicAuth" && !requireTls) {
    findings.warning(
      [...path, "smartHostAuthMechanism"],
      "BasicAuth without requireTls may send the password in clear; use BasicAuthRequireTLS",
    );
  }
}

const customPolicies = [
  ["DowngradeCustomFailures", true],
  ["UpgradeCustomFailures", false],
] as const;

function checkDnsConnector(given: GivenSendConnector, written: Section, rule: Rule): void {
  for (const name of oneNextHopSettings)
    rule(
      written[name] !== undefined,
      [name],
      name === "maxConcurrentConnections"
        ? "means nothing with dnsRoutingEnabled; use maxPerDomainOutboundConnections"
        : "means nothing with dnsRoutingEnabled; take it out",
    );
  rule(
    given.smartHostAuthMechanism !== "None",
    ["smartHostAuthMechanism"],
    "must be None with dnsRoutingEnabled: nobody logs on at mail exchangers",
  );
}

/** Finds the password where the file says it is. Undefined, with a fault told, when it cannot be had. */
export function readCredential(
  given: NonNullable<GivenSendConnector["authenticationCredential"]>,
  path: Path,
  from: SecretSources,
  findings: Findings,
): Credential | undefined {
  const { userName, password, passwordFile, passwordEnv } = given;
  const sources = [password, passwordFile, passwordEnv].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    findings.fault(path, "needs exactly one of password, passwordFile and passwordEnv");
    return undefined;
  }
  const found =
    password ??
    (passwordEnv === undefined
      ? secretOfFile(passwordFile ?? "", [...path, "passwordFile"], from, findings)
      : secretOfEnv(passwordEnv, [...path, "passwordEnv"], from, findings));
  return found === undefined ? undefined : { userName, password: found };
}
