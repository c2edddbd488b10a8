/** From what a file gives to the settings of a Send connector, and the rules within one. Source: Set-SendConnector. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { Findings, Path } from "./fault.ts";
import { type GivenSendConnector, smtpOnlySettings } from "./send-connector-schema.ts";

type Section = Readonly<Record<string, unknown>>;
type Credential = { readonly userName: string; readonly password: string };

/** A drop directory takes any size unless told otherwise. */
export function withKindPresets(raw: Section): Section {
  return raw["dropDirectory"] === undefined ? raw : { maxMessageSize: "unlimited", ...raw };
}

export function sendConnectorSettings(
  given: GivenSendConnector,
  relay: {
    readonly hostname: string;
    readonly inDataDirectory: (file: string) => string;
    readonly credential: Credential | undefined;
  },
): SendConnectorSettings {
  const { name, enabled, comment, addressSpaces, maxMessageSize } = given;
  const common = { name, enabled, comment, addressSpaces, maxMessageSize };
  if (given.dropDirectory !== undefined) {
    return { ...common, kind: "drop", dropDirectory: relay.inDataDirectory(given.dropDirectory) };
  }
  const {
    dropDirectory: _drop,
    smartHosts = [],
    port,
    authenticationCredential: _credential,
    ...smtp
  } = given;
  return {
    ...smtp,
    kind: "smartHost",
    smartHosts: smartHosts.map((host) => ({ host: host.host, port: host.port ?? port })),
    fqdn: given.fqdn ?? relay.hostname,
    tlsDomain: given.tlsDomain,
    authenticationCredential: given.smartHostAuthMechanism === "None" ? undefined : relay.credential,
  };
}

/** `raw` tells which settings were written, for rules about defaults. */
export function checkSendConnector(
  given: GivenSendConnector,
  raw: Section,
  path: Path,
  findings: Findings,
): void {
  const fault = (setting: string, message: string): void => findings.fault([...path, setting], message);
  const drops = given.dropDirectory !== undefined;
  if (drops && given.smartHosts !== undefined) {
    fault("dropDirectory", "stands beside smartHosts; a connector has one of the two");
    return;
  }
  if (drops) {
    for (const setting of smtpOnlySettings) {
      if (raw[setting] !== undefined) fault(setting, "means nothing beside dropDirectory; take it out");
    }
    return;
  }
  if (given.smartHosts === undefined) {
    findings.fault(
      path,
      "has no next hop; give smartHosts or dropDirectory (delivery by MX record is not supported)",
    );
  }
  if (given.requireTls && given.ignoreStartTls) fault("ignoreStartTls", "must be false with requireTls");
  if (given.tlsAuthLevel !== "EncryptionOnly" && !given.requireTls)
    fault("tlsAuthLevel", "needs requireTls: true");
  if (given.tlsAuthLevel === "DomainValidation" && given.tlsDomain === undefined) {
    fault("tlsAuthLevel", "DomainValidation needs tlsDomain, the name the certificate must carry");
  }
  const credential = given.authenticationCredential;
  if (given.smartHostAuthMechanism !== "None" && credential === undefined) {
    fault("smartHostAuthMechanism", `${given.smartHostAuthMechanism} needs authenticationCredential`);
  }
  if (given.smartHostAuthMechanism === "BasicAuthRequireTLS" && given.ignoreStartTls) {
    fault("ignoreStartTls", "must be false with smartHostAuthMechanism BasicAuthRequireTLS");
  }
  if (given.smartHostAuthMechanism === "None" && credential !== undefined) {
    findings.warning([...path, "authenticationCredential"], "is not used: smartHostAuthMechanism is None");
  }
  if (given.smartHostAuthMechanism === "BasicAuth" && !given.requireTls) {
    findings.warning(
      [...path, "smartHostAuthMechanism"],
      "BasicAuth without requireTls may send the password in clear; use BasicAuthRequireTLS",
    );
  }
}

/** Finds the password where the file says it is. Undefined, with a fault told, when it cannot be had. */
export function readCredential(
  given: NonNullable<GivenSendConnector["authenticationCredential"]>,
  path: Path,
  from: {
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Text of a file named in the configuration. Throws when it cannot be read. */
    readonly readText: (file: string) => string;
  },
  findings: Findings,
): Credential | undefined {
  const { userName, password, passwordFile, passwordEnv } = given;
  const sources = [password, passwordFile, passwordEnv].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    findings.fault(path, "needs exactly one of password, passwordFile and passwordEnv");
    return undefined;
  }
  if (password !== undefined) return { userName, password };
  if (passwordEnv !== undefined) {
    const value = from.env[passwordEnv];
    if (value !== undefined && value !== "") return { userName, password: value };
    findings.fault([...path, "passwordEnv"], `the environment variable ${passwordEnv} is not set`);
    return undefined;
  }
  try {
    const [first = ""] = from.readText(passwordFile ?? "").split(/\r?\n/, 1);
    if (first !== "") return { userName, password: first };
    findings.fault([...path, "passwordFile"], "the file's first line is empty");
  } catch (error) {
    findings.fault(
      [...path, "passwordFile"],
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return undefined;
}
