/** From what a file gives to the settings of a Receive connector: presets by usage, defaults, rules within one connector. */
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { profileNames, receiveProfiles } from "../core/policy/receive-profiles.ts";
import { splitLimits } from "../core/policy/report-only.ts";
import { formatDuration } from "../core/units/duration.ts";
import { checkTls, type Rule } from "./receive-connector-tls.ts";
import type { Findings, Path } from "./fault.ts";
import type { GivenReceiveConnector, Usage } from "./receive-connector-schema.ts";

type Section = Readonly<Record<string, unknown>>;

/** Differences of Exchange's `Default <Server>` connector from a new one. Source: Message rate limits and throttling. */
export const defaultConnectorValues = {
  maxInboundConnectionPerSource: "unlimited",
  maxInboundConnectionPercentagePerSource: 100,
  maxRecipientsPerMessage: 5000,
} as const;

const everywhere = ["0.0.0.0-255.255.255.255", "::/0"];

/**
 * What New-ReceiveConnector presets for each usage. ExchangeServer and Integrated authentication, which
 * Exchange adds for some, are not offered here.
 */
export const usagePresets: Readonly<Record<Usage, Section>> = {
  custom: {},
  client: {
    bindings: ["0.0.0.0:587"],
    permissionGroups: ["ExchangeUsers"],
    authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
  },
  internal: { bindings: ["0.0.0.0:25"], permissionGroups: ["ExchangeServers", "ExchangeLegacyServers"] },
  internet: { remoteIpRanges: ["0.0.0.0-255.255.255.255"], permissionGroups: ["AnonymousUsers"] },
  partner: { permissionGroups: ["Partners"] },
  default: {
    bindings: ["0.0.0.0:25", "[::]:25"],
    remoteIpRanges: everywhere,
    permissionGroups: ["ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"],
    authMechanism: ["Tls", "BasicAuth"],
    ...defaultConnectorValues,
  },
};

/** `Default` and `Default <Server>`; Exchange's `Default Frontend …` and `Default internal …` have a new connector's values. */
const defaultName = /^default(?: (?!frontend |internal ).*)?$/i;

/** The section with the presets of its usage, and the settings of its profile before them, put in where it says nothing itself. */
export function withUsagePresets(raw: Section): Section {
  const usage =
    raw["usage"] ?? (typeof raw["name"] === "string" && defaultName.test(raw["name"]) ? "default" : "custom");
  const presets = typeof usage === "string" ? usagePresets[usage as Usage] : undefined;
  const profile = profileOf(raw);
  return presets === undefined && profile === undefined ? raw : { ...presets, ...profile, ...raw };
}

/** The settings its profile stands in for; undefined: it has none, or a faulty one. */
export function profileOf({ profile }: Section): Section | undefined {
  const name = profileNames.find((one) => one === profile);
  return name === undefined ? undefined : receiveProfiles[name];
}

/** Fills in what depends on other settings and drops what only the file knows. */
export function receiveConnectorSettings(
  given: GivenReceiveConnector,
  relay: { readonly hostname: string; readonly absolute: (file: string) => string },
): ReceiveConnectorSettings {
  const { usage: _, candidate = {}, ...settings } = given;
  const reportOnly = [...new Set(given.reportOnly)];
  const { enforced, watched } = splitLimits(given, reportOnly, candidate);
  return {
    ...settings,
    ...enforced,
    reportOnly,
    candidate: given.candidate,
    learnUntil: given.learnUntil,
    watched,
    fqdn: given.fqdn ?? relay.hostname,
    banner: given.banner,
    profile: given.profile,
    authMechanism: [...new Set(given.authMechanism)],
    permissionGroups: [...new Set(given.permissionGroups)],
    implicitTlsBindings: implicitTlsBindings(given),
    tlsCertificateFile: (given.tlsCertificateFile ?? []).map(relay.absolute),
    tlsKeyFile: (given.tlsKeyFile ?? []).map(relay.absolute),
    tlsCipherString: given.tlsCipherString,
    tlsClientCaFile: given.tlsClientCaFile === undefined ? undefined : relay.absolute(given.tlsClientCaFile),
    binaryMimeEnabled: given.binaryMimeEnabled ?? given.chunkingEnabled,
    defaultDomain: given.defaultDomain,
    explainRefusals: given.explainRefusals,
  };
}

/** Port 465 is registered for it (RFC 8314 §7.3). */
function implicitTlsBindings({
  bindings,
  implicitTlsBindings: written,
  authMechanism,
}: GivenReceiveConnector): readonly Endpoint[] {
  if (written !== undefined) return written;
  return authMechanism.includes("Tls") ? bindings.filter(({ port }) => port === 465) : [];
}

/**
 * Exchange's rules between the settings of one connector. Those that concern a setting in `faulty` are left
 * out: its fault is told already, and what it should be is not known. `written` tells which settings the file
 * gives.
 */
export function checkReceiveConnector(
  given: GivenReceiveConnector,
  written: Section,
  faulty: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  const auth = new Set(given.authMechanism);
  const groups = new Set(given.permissionGroups);
  const rule: Rule = (isBroken, [at, ...others], message) => {
    if (isBroken && ![at, ...others].some((name) => faulty.has(name))) findings.fault([...path, at], message);
  };

  rule(
    given.bindings.length === 0 && given.httpBindings.length === 0,
    ["bindings", "httpBindings"],
    "is empty; give at least one address:port, or httpBindings",
  );
  rule(auth.has("None") && auth.size > 1, ["authMechanism"], "None stands alone or not at all");
  rule(groups.has("None") && groups.size > 1, ["permissionGroups"], "None stands alone or not at all");
  rule(
    auth.has("BasicAuthRequireTLS") && !(auth.has("BasicAuth") && auth.has("Tls")),
    ["authMechanism"],
    "BasicAuthRequireTLS needs BasicAuth and Tls beside it",
  );
  rule(
    auth.has("ExternalAuthoritative") && (auth.has("BasicAuth") || auth.has("BasicAuthRequireTLS")),
    ["authMechanism"],
    "ExternalAuthoritative allows only Tls beside it",
  );
  rule(
    auth.has("ExternalAuthoritative") && !groups.has("ExchangeServers"),
    ["permissionGroups", "authMechanism"],
    "ExternalAuthoritative in authMechanism needs ExchangeServers here",
  );
  rule(given.requireTls && !auth.has("Tls"), ["requireTls", "authMechanism"], "needs Tls in authMechanism");
  rule(
    given.binaryMimeEnabled === true && !given.chunkingEnabled,
    ["binaryMimeEnabled", "chunkingEnabled"],
    "needs chunkingEnabled",
  );
  for (const limit of given.reportOnly)
    rule(
      given.candidate?.[limit] !== undefined,
      ["candidate", "reportOnly"],
      `${limit} is in reportOnly: its own value is the one that is looked at`,
    );
  const [silence, life] = [given.connectionInactivityTimeout, given.connectionTimeout];
  const isDefault = written["connectionInactivityTimeout"] === undefined;
  rule(
    silence >= life,
    isDefault
      ? ["connectionTimeout", "connectionInactivityTimeout"]
      : ["connectionInactivityTimeout", "connectionTimeout"],
    isDefault
      ? `${formatDuration(life)} must be more than connectionInactivityTimeout, by default ${formatDuration(silence)}; give that one too`
      : `${formatDuration(silence)} must be less than connectionTimeout, ${formatDuration(life)}`,
  );
  checkTls(given, rule);
}
