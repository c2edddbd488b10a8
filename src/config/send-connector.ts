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

/**
 * Exchange's rules between the settings of one connector; those that concern a setting in `faulty` are left
 * out. `written` tells which settings the file gives.
 */
export function checkSendConnector(
  given: GivenSendConnector,
  written: Section,
  faulty: ReadonlySet<string>,
  path: Path,
  findings: Findings,
): void {
  type Name = keyof GivenSendConnector;
  const rule = (isBroken: boolean, [at, ...others]: readonly [Name, ...Name[]], message: string): void => {
    if (isBroken && ![at, ...others].some((name) => faulty.has(name))) findings.fault([...path, at], message);
  };
  const drops = written["dropDirectory"] !== undefined;
  const sends = written["smartHosts"] !== undefined;
  if (drops && sends) {
    findings.fault([...path, "dropDirectory"], "stands beside smartHosts; a connector has one of the two");
    return;
  }
  if (drops) {
    for (const name of smtpOnlySettings) {
      rule(written[name] !== undefined, [name], "means nothing beside dropDirectory; take it out");
    }
    return;
  }
  if (!sends) {
    findings.fault(
      path,
      "has no next hop; give smartHosts or dropDirectory (delivery by MX record is not supported)",
    );
  }
  const { requireTls, ignoreStartTls, tlsAuthLevel, smartHostAuthMechanism: mechanism } = given;
  const credential = given.authenticationCredential !== undefined;
  rule(requireTls && ignoreStartTls, ["ignoreStartTls", "requireTls"], "must be false with requireTls");
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
    mechanism !== "None" && !credential,
    ["smartHostAuthMechanism", "authenticationCredential"],
    `${mechanism} needs authenticationCredential`,
  );
  rule(
    mechanism === "BasicAuthRequireTLS" && ignoreStartTls,
    ["ignoreStartTls", "smartHostAuthMechanism"],
    "must be false with smartHostAuthMechanism BasicAuthRequireTLS",
  );
  if (faulty.size > 0) return;
  if (mechanism === "None" && credential) {
    findings.warning([...path, "authenticationCredential"], "is not used: smartHostAuthMechanism is None");
  }
  if (mechanism === "BasicAuth" && !requireTls) {
    findings.warning(
      [...path, "smartHostAuthMechanism"],
      "BasicAuth without requireTls may send the password in clear; use BasicAuthRequireTLS",
    );
  }
}

export interface PasswordSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file named in the configuration. Throws when it cannot be read. */
  readonly readText: (file: string) => string;
}

/** Finds the password where the file says it is. Undefined, with a fault told, when it cannot be had. */
export function readCredential(
  given: NonNullable<GivenSendConnector["authenticationCredential"]>,
  path: Path,
  from: PasswordSources,
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
