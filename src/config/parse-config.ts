/** Reads a configuration: all of it typed with every default, or everything that is wrong with it. */
import { readFileSync } from "node:fs";
import { hostname as systemHostname } from "node:os";
import { dirname, resolve } from "node:path";
import { parseScryptPhc } from "../core/authentication/scrypt-phc.ts";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import { checkConfigurationWarnings, checkReceiveConnectorWarnings } from "./configuration-warnings.ts";
import { adminSchema, configurationSchema, diagnosticsSchema, userSchema } from "./configuration-schema.ts";
import { checkConnectorChoice, checkUniqueNames } from "./connector-conflicts.ts";
import { categoryLevels } from "./diagnostics-levels.ts";
import { type Fault, Findings, formatPath, type Locate, type Path } from "./fault.ts";
import { readPiece, unknownSetting } from "./issues.ts";
import { checkReceiveConnector, receiveConnectorSettings, withUsagePresets } from "./receive-connector.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import {
  checkSendConnector,
  readCredential,
  sendConnectorSettings,
  withKindPresets,
} from "./send-connector.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { canonicalName } from "./setting-names.ts";
import type { Settings, UserSettings } from "./settings.ts";
import { transportSchema } from "./transport-schema.ts";
import { parseDomain } from "./value-type.ts";
import { readYaml } from "./yaml-source.ts";

export type { Fault } from "./fault.ts";

export type Origin = "set" | "default";

export type ConfigResult =
  | {
      readonly ok: true;
      readonly settings: Settings;
      readonly warnings: readonly Fault[];
      /** For each setting (`receiveConnectors[0].maxMessageSize`): written in the file, or a default or preset. */
      readonly origins: ReadonlyMap<string, Origin>;
    }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] };

export interface ConfigSurroundings {
  /** The configuration file; relative paths in it start from its folder. */
  readonly file: string;
  /** For passwordEnv. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For passwordFile. Default: reads the file. Throws when it cannot be read. */
  readonly readText?: (file: string) => string;
  /** Used where the file gives no hostname. Default: the system's. */
  readonly hostname?: string;
}

/** Reads the text of a configuration file. Never throws; faults and warnings stand in the order of the file. */
export function parseConfig(text: string, surroundings: ConfigSurroundings): ConfigResult {
  const source = readYaml(text);
  if (!source.ok) return { ok: false, faults: source.faults, warnings: [] };
  return parseConfigValue(source.value, surroundings, source.locate);
}

type Section = Record<string, unknown>;

/** Reads a configuration given as a value in the shape of the file, such as an embedder's. */
export function parseConfigValue(
  value: unknown,
  surroundings: ConfigSurroundings,
  locate: Locate = () => ({ line: 1, column: 1 }),
): ConfigResult {
  const findings = new Findings(locate);
  if (value === null || value === undefined) {
    findings.fault([], "the configuration is empty");
    return { ok: false, faults: findings.faults, warnings: [] };
  }
  if (!isSection(value)) {
    findings.fault([], "the configuration is not a set of settings, `name: value`");
    return { ok: false, faults: findings.faults, warnings: [] };
  }
  const settings = read(withoutEmptySections(value), surroundings, findings);
  const { faults, warnings } = findings;
  if (settings === undefined || faults.length > 0) return { ok: false, faults, warnings };
  return { ok: true, settings, warnings, origins: originsOf(value) };
}

function read(root: Section, surroundings: ConfigSurroundings, findings: Findings): Settings | undefined {
  const { shape } = configurationSchema;
  const known = Object.keys(shape);
  for (const key of Object.keys(root)) if (!known.includes(key)) unknownSetting([key], known, findings);

  const hostname =
    readPiece(shape.hostname, root["hostname"], ["hostname"], findings) ?? defaultHostname(surroundings);
  const folder = dirname(resolve(surroundings.file));
  const dataDirectory = resolve(
    folder,
    readPiece(shape.dataDirectory, root["dataDirectory"], ["dataDirectory"], findings) ?? "data",
  );
  const relay = { hostname, absolute: (file: string) => resolve(folder, file) };
  const env = surroundings.env ?? process.env;
  const readText = surroundings.readText ?? ((file: string) => readFileSync(file, "utf8"));

  const receivePath = ["receiveConnectors"];
  const receive = listAt(shape.receiveConnectors, root, receivePath, findings).map((raw, index) => {
    const path = [...receivePath, index];
    const written = canonicalSection(raw, path, findings);
    const given = readPiece(
      receiveConnectorSchema,
      isSection(written) ? withUsagePresets(written) : written,
      path,
      findings,
    );
    if (!given) return undefined;
    checkReceiveConnector(given, path, findings);
    const connector = receiveConnectorSettings(given, relay);
    checkReceiveConnectorWarnings(connector, isSection(written) ? written : {}, path, findings);
    return connector;
  });
  checkUniqueNames(receive, receivePath, findings);
  checkConnectorChoice(receive, receivePath, findings);

  const sendPath = ["sendConnectors"];
  const send = listAt(shape.sendConnectors, root, sendPath, findings).map(
    (raw, index): SendConnectorSettings | undefined => {
      const path = [...sendPath, index];
      const written = canonicalSection(raw, path, findings);
      const given = readPiece(
        sendConnectorSchema,
        isSection(written) ? withKindPresets(written) : written,
        path,
        findings,
      );
      if (!given) return undefined;
      checkSendConnector(given, isSection(written) ? written : {}, path, findings);
      const credential =
        given.authenticationCredential === undefined
          ? undefined
          : readCredential(
              given.authenticationCredential,
              [...path, "authenticationCredential"],
              { env, readText: (file) => readText(relay.absolute(file)) },
              findings,
            );
      return sendConnectorSettings(given, {
        hostname,
        inDataDirectory: (file) => resolve(dataDirectory, file),
        credential,
      });
    },
  );
  checkUniqueNames(send, sendPath, findings);

  const users = listAt(shape.users, root, ["users"], findings).map((raw, index) =>
    readUser(raw, ["users", index], findings),
  );
  checkUniqueNames(users, ["users"], findings);
  const acceptedDomains = readPiece(
    shape.acceptedDomains,
    root["acceptedDomains"],
    ["acceptedDomains"],
    findings,
  );
  const transport = readPiece(transportSchema, root["transport"] ?? {}, ["transport"], findings);
  const diagnostics = readPiece(diagnosticsSchema, root["diagnostics"] ?? {}, ["diagnostics"], findings);
  const levels = categoryLevels(diagnostics?.levels ?? {}, ["diagnostics", "levels"], findings);
  const admin = readPiece(adminSchema, root["admin"] ?? {}, ["admin"], findings);
  if (!transport || !acceptedDomains || !admin) return undefined;

  const settings: Settings = {
    hostname,
    dataDirectory,
    receiveConnectors: receive.filter((connector) => connector !== undefined),
    sendConnectors: send.filter((connector) => connector !== undefined),
    acceptedDomains,
    users: users.filter((user) => user !== undefined),
    transport: {
      ...transport,
      externalPostmasterAddress: transport.externalPostmasterAddress ?? `postmaster@${hostname}`,
    },
    diagnostics: { levels },
    admin: { console: admin.console },
  };
  if (findings.faults.length === 0) checkConfigurationWarnings(settings, findings);
  return settings;
}

function readUser(raw: unknown, path: Path, findings: Findings): UserSettings | undefined {
  const user = readPiece(userSchema, raw, path, findings);
  if (!user) return undefined;
  if (parseScryptPhc(user.password) === undefined) {
    findings.fault(
      [...path, "password"],
      "is not a password hash; passwords are not kept in clear here, make the hash with: weir hash-password",
    );
    return undefined;
  }
  return { name: user.name, passwordHash: user.password };
}

/** The entries of a list section; none, with a fault told, when it is no list. */
function listAt(
  schema:
    | typeof configurationSchema.shape.receiveConnectors
    | typeof configurationSchema.shape.sendConnectors
    | typeof configurationSchema.shape.users,
  root: Section,
  path: readonly [string] | string[],
  findings: Findings,
): readonly unknown[] {
  const raw = root[path[0] ?? ""];
  if (Array.isArray(raw)) return raw;
  readPiece(schema, raw, path, findings);
  return [];
}

/** A section with each setting under its one spelling. */
function canonicalSection(raw: unknown, path: Path, findings: Findings): unknown {
  if (!isSection(raw)) return raw;
  const section: Section = {};
  for (const [key, value] of Object.entries(raw)) {
    const name = canonicalName(key, String(path[0]));
    if (Object.hasOwn(section, name))
      findings.fault([...path, name], `is given twice, once as ${key}`, { at: "key" });
    else section[name] = value;
  }
  return section;
}

/** A section whose lines are all commented out (`users:` alone) is an empty one. */
function withoutEmptySections(root: Section): Section {
  const entries = Object.entries(root).filter(([, value]) => value !== null);
  const kept: Section = Object.fromEntries(entries);
  if (root["receiveConnectors"] === null) kept["receiveConnectors"] = [];
  return kept;
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function defaultHostname(surroundings: ConfigSurroundings): string {
  const name = parseDomain(surroundings.hostname ?? systemHostname());
  return name.ok && !name.value.includes("_") ? name.value : "localhost";
}

function originsOf(root: Section): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  const { shape } = configurationSchema;
  const note = (path: Path, isSet: boolean): void =>
    void origins.set(formatPath(path), isSet ? "set" : "default");
  const noteSection = (path: Path, names: readonly string[], raw: unknown): void => {
    const section = String(path[0]);
    const written = isSection(raw) ? Object.keys(raw).map((key) => canonicalName(key, section)) : [];
    for (const name of names) note([...path, name], written.includes(name));
  };
  noteSection([], Object.keys(shape), root);
  const entries = (key: string): unknown[] => (Array.isArray(root[key]) ? root[key] : []);
  for (const [index, raw] of entries("receiveConnectors").entries()) {
    noteSection(["receiveConnectors", index], Object.keys(receiveConnectorSchema.shape), raw);
  }
  for (const [index, raw] of entries("sendConnectors").entries()) {
    noteSection(["sendConnectors", index], Object.keys(sendConnectorSchema.shape), raw);
  }
  noteSection(["transport"], Object.keys(transportSchema.shape), root["transport"]);
  noteSection(["diagnostics"], Object.keys(diagnosticsSchema.shape), root["diagnostics"]);
  noteSection(["admin"], Object.keys(adminSchema.shape), root["admin"]);
  return origins;
}
