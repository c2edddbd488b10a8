/** From what a file gives to the settings of a Receive connector: presets by usage, defaults, rules within one connector. */
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { formatDuration } from "../core/units/duration.ts";
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

/** The section with the presets of its usage put in where it says nothing itself. */
export function withUsagePresets(raw: Section): Section {
  const usage =
    raw["usage"] ?? (typeof raw["name"] === "string" && defaultName.test(raw["name"]) ? "default" : "custom");
  const presets = typeof usage === "string" ? usagePresets[usage as Usage] : undefined;
  return presets === undefined ? raw : { ...presets, ...raw };
}

/** Fills in what depends on other settings and drops what only the file knows. */
export function receiveConnectorSettings(
  given: GivenReceiveConnector,
  relay: { readonly hostname: string; readonly absolute: (file: string) => string },
): ReceiveConnectorSettings {
  const { usage: _, ...settings } = given;
  return {
    ...settings,
    fqdn: given.fqdn ?? relay.hostname,
    banner: given.banner,
    authMechanism: [...new Set(given.authMechanism)],
    permissionGroups: [...new Set(given.permissionGroups)],
    tlsCertificateFile:
      given.tlsCertificateFile === undefined ? undefined : relay.absolute(given.tlsCertificateFile),
    tlsKeyFile: given.tlsKeyFile === undefined ? undefined : relay.absolute(given.tlsKeyFile),
    binaryMimeEnabled: given.binaryMimeEnabled ?? given.chunkingEnabled,
    defaultDomain: given.defaultDomain,
    explainRefusals: given.explainRefusals,
  };
}

/** Exchange's rules between the settings of one connector. */
export function checkReceiveConnector(given: GivenReceiveConnector, path: Path, findings: Findings): void {
  const auth = new Set(given.authMechanism);
  const groups = new Set(given.permissionGroups);
  const fault = (setting: keyof GivenReceiveConnector, message: string): void =>
    findings.fault([...path, setting], message);

  if (auth.has("None") && auth.size > 1) fault("authMechanism", "None stands alone or not at all");
  if (groups.has("None") && groups.size > 1) fault("permissionGroups", "None stands alone or not at all");
  if (auth.has("BasicAuthRequireTLS") && !(auth.has("BasicAuth") && auth.has("Tls"))) {
    fault("authMechanism", "BasicAuthRequireTLS needs BasicAuth and Tls beside it");
  }
  if (auth.has("ExternalAuthoritative")) {
    if (auth.has("BasicAuth") || auth.has("BasicAuthRequireTLS")) {
      fault("authMechanism", "ExternalAuthoritative allows only Tls beside it");
    }
    if (!groups.has("ExchangeServers")) {
      fault("permissionGroups", "ExternalAuthoritative in authMechanism needs ExchangeServers here");
    }
  }
  if (given.requireTls && !auth.has("Tls")) fault("requireTls", "needs Tls in authMechanism");
  if (given.binaryMimeEnabled === true && !given.chunkingEnabled) {
    fault("binaryMimeEnabled", "needs chunkingEnabled");
  }
  if (given.connectionInactivityTimeout >= given.connectionTimeout) {
    fault(
      "connectionInactivityTimeout",
      `${formatDuration(given.connectionInactivityTimeout)} must be less than connectionTimeout, ${formatDuration(given.connectionTimeout)}`,
    );
  }
  if ((given.tlsCertificateFile === undefined) !== (given.tlsKeyFile === undefined)) {
    fault(
      given.tlsKeyFile === undefined ? "tlsCertificateFile" : "tlsKeyFile",
      "tlsCertificateFile and tlsKeyFile go together",
    );
  }
}
