/** Reads a configuration: all of it typed with every default, or everything that is wrong with it. */
import { readFileSync } from "node:fs";
import { hostname as systemHostname } from "node:os";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import type { Application } from "../core/policy/application.ts";
import { parseScryptPhc } from "../core/authentication/scrypt-phc.ts";
import { addressRewriteEntrySchema, checkAddressRewriteEntries } from "./address-rewrite-entries.ts";
import { clusterSchema, readCluster } from "./cluster-schema.ts";
import { checkConfigurationWarnings } from "./configuration-warnings.ts";
import {
  adminSchema,
  configurationSchema,
  diagnosticsSchema,
  dkimSchema,
  metricsSchema,
  userSchema,
} from "./configuration-schema.ts";
import { checkUniqueNames } from "./connector-conflicts.ts";
import { categoryLevels } from "./diagnostics-levels.ts";
import { directorySchema, readDirectory } from "./directory-schema.ts";
import { type Fault, Findings, type Locate, type Path } from "./fault.ts";
import { checkHttpPlaces, readHttpTls } from "./http-places.ts";
import { filePlace } from "./file-place.ts";
import { loggingSchema } from "./logging-schema.ts";
import { readPickupDirectories } from "./pickup-directories.ts";
import { readPiece, tellUnknown } from "./issues.ts";
import { type Origins, originsOf } from "./origins.ts";
import { readDkimKeys } from "./read-dkim.ts";
import { readReceiveConnectors } from "./read-receive-connectors.ts";
import { readSendConnectors } from "./read-send-connectors.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { parseSecretUrl } from "./oauth-schema.ts";
import { certificatesOf } from "./secret-sources.ts";
import { isSection, type Section } from "./section.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { namesIn } from "./send-connector-ways.ts";
import type { Settings, UserSettings } from "./settings.ts";
import { transportSchema } from "./transport-schema.ts";
import { parseDomain } from "./value-type.ts";
import { readWebhooks, webhookSchema } from "./webhook-schema.ts";
import { readYaml } from "./yaml-source.ts";

export type { Fault } from "./fault.ts";
export type { Origin, Origins } from "./origins.ts";

export type ConfigResult =
  | {
      readonly ok: true;
      readonly settings: Settings;
      readonly warnings: readonly Fault[];
      readonly origins: Origins;
    }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings?: readonly Fault[] };

export interface ConfigSurroundings {
  /** The configuration file; relative paths in it start from its folder. */
  readonly file: string;
  /** For passwordEnv. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For passwordFile. Default: reads the file. Throws when it cannot be read. */
  readonly readText?: (file: string) => string;
  /** Used where the file gives no hostname. Default: the system's. */
  readonly hostname?: string;
  /** What a running relay keeps until its next start, whatever the file says: all that follows from it is kept, too. */
  readonly fixed?: { readonly hostname: string; readonly dataDirectory: string };
}

/** Reads the text of a configuration file. Never throws; faults and warnings stand in the order of the file. */
export function parseConfig(text: string, surroundings: ConfigSurroundings): ConfigResult {
  const source = readYaml(text);
  if (source.ok) return parseConfigValue(source.value, surroundings, source.locate);
  const { faults, rest } = source;
  if (rest === undefined) return { ok: false, faults };
  return parseConfigValue(rest.value, surroundings, rest.locate, faults);
}

/**
 * Reads a configuration given as a value in the shape of the file, such as an embedder's. `known`: faults that were
 * found in it already.
 */
export function parseConfigValue(
  value: unknown,
  surroundings: ConfigSurroundings,
  locate: Locate = () => ({ line: 1, column: 1 }),
  known: readonly Fault[] = [],
): ConfigResult {
  const findings = new Findings(locate, known);
  if (!isSection(value)) {
    const message = value === null ? "the configuration is empty" : "is not a set of settings (name: value)";
    findings.fault([], message);
    return { ok: false, faults: findings.faults };
  }
  const settings = read(withoutEmptySections(value), surroundings, findings);
  const { faults, warnings } = findings;
  if (settings === undefined || faults.length > 0) return { ok: false, faults, warnings };
  return { ok: true, settings, warnings, origins: originsOf(value) };
}

const { shape } = configurationSchema;

function read(root: Section, surroundings: ConfigSurroundings, findings: Findings): Settings | undefined {
  const names = Object.keys(shape);
  const unknown = Object.keys(root).filter((key) => !names.includes(key));
  tellUnknown([], unknown, names, findings, homeOf);
  const piece = <Schema extends z.ZodType>(schema: Schema, name: string): z.output<Schema> | undefined =>
    readPiece(schema, root[name], [name], findings, homeOf).value;
  const list = (schema: z.ZodType, name: string): readonly unknown[] => {
    const raw = root[name];
    if (Array.isArray(raw)) return raw;
    piece(schema, name);
    return [];
  };

  const folder = dirname(resolve(surroundings.file));
  const absolute = (file: string): string => filePlace(file, folder, surroundings.env);
  const givenHostname = piece(shape.hostname, "hostname");
  const givenDataDirectory = absolute(piece(shape.dataDirectory, "dataDirectory") ?? "");
  const hostname = surroundings.fixed?.hostname ?? givenHostname ?? ownHostname(surroundings);
  const dataDirectory = surroundings.fixed?.dataDirectory ?? givenDataDirectory;
  const requirePersistentSpool = piece(shape.requirePersistentSpool, "requirePersistentSpool") ?? false;
  const readText = surroundings.readText ?? ((file) => readFileSync(file, "utf8"));

  const receiveConnectors = readReceiveConnectors(
    list(shape.receiveConnectors, "receiveConnectors"),
    { hostname, absolute },
    homeOf,
    findings,
  );
  const sendConnectors = readSendConnectors(
    list(shape.sendConnectors, "sendConnectors"),
    { hostname, inDataDirectory: (file) => resolve(dataDirectory, file) },
    {
      receiveConnectors: namesIn(root["receiveConnectors"]),
      applications: namesIn(root["applications"]),
    },
    { env: surroundings.env ?? process.env, readText: (file) => readText(absolute(file)) },
    homeOf,
    findings,
  );
  const acceptedDomains = piece(shape.acceptedDomains, "acceptedDomains");
  const addressRewriteEntries = piece(shape.addressRewriteEntries, "addressRewriteEntries");
  checkUniqueNames(root["addressRewriteEntries"], ["addressRewriteEntries"], findings);
  checkAddressRewriteEntries(
    addressRewriteEntries ?? [],
    namesOf(root["sendConnectors"]),
    ["addressRewriteEntries"],
    findings,
  );
  const users = readUsers(list(shape.users, "users"), findings);
  const apiKeys = readApiKeys(
    piece(shape.apiKeys, "apiKeys") ?? [],
    root["apiKeys"],
    namesOf(root["applications"]),
    findings,
  );
  const givenDirectory = piece(shape.directory, "directory");
  const directory =
    givenDirectory &&
    readDirectory(
      givenDirectory,
      { env: surroundings.env ?? process.env, readText: (file) => readText(absolute(file)) },
      findings,
    );
  const givenCluster = piece(shape.cluster, "cluster");
  const cluster =
    givenCluster &&
    readCluster(
      givenCluster,
      { absolute, host: surroundings.hostname ?? systemHostname() },
      { env: surroundings.env ?? process.env, readText: (file) => readText(absolute(file)) },
      findings,
    );
  const tokenIssuers = piece(shape.tokenIssuers, "tokenIssuers");
  checkUniqueNames(root["tokenIssuers"], ["tokenIssuers"], findings);
  for (const [index, { tlsClientCaFile }] of receiveConnectors.entries())
    if (tlsClientCaFile !== undefined)
      certificatesOf(
        tlsClientCaFile,
        ["receiveConnectors", index, "tlsClientCaFile"],
        { env: surroundings.env ?? process.env, readText },
        findings,
      );
  checkTokens(receiveConnectors, tokenIssuers ?? [], findings);
  const applications = piece(shape.applications, "applications");
  checkUniqueNames(root["applications"], ["applications"], findings);
  const proxyProtocolFrom = piece(shape.proxyProtocolFrom, "proxyProtocolFrom");
  const transport = piece(shape.transport, "transport");
  const pickupDirectories = readPickupDirectories(
    transport ?? {},
    { dataDirectory, receiveConnectors: namesOf(root["receiveConnectors"]), sendConnectors },
    findings,
  );
  const dkimKeys = readDkimKeys(list(shape.dkimKeys, "dkimKeys"), { absolute, readText }, homeOf, findings);
  const dkim = piece(shape.dkim, "dkim");
  const webhooks = readWebhooks(
    list(shape.webhooks, "webhooks"),
    { absolute, env: surroundings.env ?? process.env, readText },
    homeOf,
    findings,
  );
  checkUniqueNames(root["webhooks"], ["webhooks"], findings);
  const diagnostics = piece(shape.diagnostics, "diagnostics");
  const levels = categoryLevels(diagnostics?.levels ?? {}, ["diagnostics", "levels"], findings);
  if (!diagnostics) categoryLevels(levelsWritten(root["diagnostics"]), ["diagnostics", "levels"], findings);
  const logging = piece(shape.logging, "logging");
  const admin = piece(shape.admin, "admin");
  const metrics = piece(shape.metrics, "metrics");
  const adminTls = readHttpTls(admin ?? filesWritten(root["admin"]), ["admin"], absolute, findings);
  const metricsTls = readHttpTls(metrics ?? filesWritten(root["metrics"]), ["metrics"], absolute, findings);
  checkHttpPlaces(admin?.console, admin?.cluster, metrics?.listen ?? [], receiveConnectors, findings);
  if (
    !transport ||
    !acceptedDomains ||
    !applications ||
    !tokenIssuers ||
    !proxyProtocolFrom ||
    !admin ||
    !metrics ||
    !logging ||
    !dkim
  )
    return undefined;
  if (!addressRewriteEntries) return undefined;
  if (findings.faults.length > 0) return undefined;

  const settings: Settings = {
    hostname,
    dataDirectory,
    requirePersistentSpool,
    receiveConnectors,
    sendConnectors,
    acceptedDomains,
    addressRewriteEntries,
    tokenIssuers,
    directory,
    users,
    apiKeys,
    applications: applications.map(withOwnUser),
    proxyProtocolFrom,
    transport: {
      ...transport,
      externalPostmasterAddress: transport.externalPostmasterAddress ?? `postmaster@${hostname}`,
      ...pickupDirectories,
    },
    dkim: { ...dkim, keys: dkimKeys },
    webhooks,
    diagnostics: { levels },
    logging: { ...logging, syslog: logging.syslog },
    cluster,
    admin: {
      console: admin.console,
      cluster: admin.cluster,
      tls: adminTls,
      allowedHosts: admin.allowedHosts,
      socketGroup: admin.socketGroup,
    },
    metrics: {
      listen: metrics.listen,
      allow: metrics.allow,
      tls: metricsTls,
      bySource: metrics.bySource,
    },
  };
  checkConfigurationWarnings(settings, findings);
  return settings;
}

function readUsers(list: readonly unknown[], findings: Findings): readonly UserSettings[] {
  const users = list.map((raw, index) => readUser(raw, ["users", index], findings));
  checkUniqueNames(list, ["users"], findings);
  return users.filter((user) => user !== undefined);
}

function readUser(raw: unknown, path: Path, findings: Findings): UserSettings | undefined {
  const user = readPiece(userSchema, raw, path, findings, homeOf).value;
  const password = user?.password ?? (isSection(raw) ? raw["password"] : undefined);
  if (password === undefined) return user;
  if (typeof password !== "string") return undefined;
  if (parseScryptPhc(password) !== undefined) {
    if (user === undefined) return undefined;
    const { password: _, ...settings } = user;
    return { ...settings, passwordHash: password };
  }
  findings.fault(
    [...path, "password"],
    "is not a password hash; passwords are not kept in clear here, make the hash with: weir hash-password",
  );
  return undefined;
}

/** Their applications as those are called themselves. */
function readApiKeys(
  keys: Settings["apiKeys"],
  written: unknown,
  applications: readonly string[],
  findings: Findings,
): Settings["apiKeys"] {
  checkUniqueNames(written, ["apiKeys"], findings);
  const seen = new Map<string, number>();
  return keys.map((key, index) => {
    const { keyHash, application } = key;
    const other = seen.get(keyHash);
    if (other !== undefined)
      findings.fault(["apiKeys", index, "keyHash"], `is the key of entry ${other + 1}, too`);
    seen.set(keyHash, index);
    if (application === undefined) return key;
    const named = applications.find((one) => one.toLowerCase() === application.toLowerCase());
    if (named === undefined)
      findings.fault(["apiKeys", index, "application"], `there is no application ${application}`);
    return { ...key, application: named };
  });
}

/** As written, with whatever faults. */
function namesOf(entries: unknown): readonly string[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => (isSection(entry) ? [String(entry["name"]).trim()] : []));
}

/** It logs on by certificate under its own name where it has no user. */
function withOwnUser(application: Application): Application {
  const isByCertificate = (application.certificates ?? []).length > 0 && application.users.length === 0;
  return isByCertificate ? { ...application, users: [application.name] } : application;
}

/** A mechanism that no client could finish is not offered. */
function checkTokens(
  connectors: Settings["receiveConnectors"],
  issuers: Settings["tokenIssuers"],
  findings: Findings,
): void {
  for (const [index, { authMechanism }] of connectors.entries())
    if (authMechanism.includes("OAuth") && issuers.length === 0)
      findings.fault(
        ["receiveConnectors", index, "authMechanism"],
        "OAuth needs tokenIssuers: whose tokens are taken",
      );
  const seen = new Map<string, number>();
  for (const [index, { issuer, jwksUri }] of issuers.entries()) {
    // Where the keys come from decides who may log on: nobody in between may change them.
    if (jwksUri === undefined && !parseSecretUrl(issuer).ok)
      findings.fault(
        ["tokenIssuers", index, "issuer"],
        "has keys that anybody on the way could put in place of its own; give jwksUri, with https",
      );
    if (seen.has(issuer))
      findings.fault(["tokenIssuers", index, "issuer"], "is the issuer of another entry, too");
    seen.set(issuer, index);
  }
}

/** Of a section with faults: what is needed to find those of its keys. */
function levelsWritten(diagnostics: unknown): Readonly<Record<string, unknown>> {
  const levels = isSection(diagnostics) ? diagnostics["levels"] : undefined;
  return isSection(levels) ? levels : {};
}

/** Of a section with faults: whether both files of its certificate are given. */
function filesWritten(section: unknown): Parameters<typeof readHttpTls>[0] {
  if (!isSection(section)) return {};
  const file = (name: string): string | undefined =>
    typeof section[name] === "string" ? section[name] : undefined;
  return { tlsCertificateFile: file("tlsCertificateFile"), tlsKeyFile: file("tlsKeyFile") };
}

const homes: readonly (readonly [string, { readonly shape: object }])[] = [
  ["receiveConnectors", receiveConnectorSchema],
  ["sendConnectors", sendConnectorSchema],
  ["addressRewriteEntries", addressRewriteEntrySchema],
  ["transport", transportSchema],
  ["dkim", dkimSchema],
  ["webhooks", webhookSchema],
  ["directory", directorySchema],
  ["diagnostics", diagnosticsSchema],
  ["logging", loggingSchema],
  ["admin", adminSchema],
  ["cluster", clusterSchema],
  ["metrics", metricsSchema],
];

function homeOf(name: string): string | undefined {
  if (Object.hasOwn(shape, name)) return "the top level";
  return homes.find(([, schema]) => Object.hasOwn(schema.shape, name))?.[0];
}

/** A section whose lines are all commented out (`users:` alone) is an empty one. */
function withoutEmptySections(root: Section): Section {
  const kept = Object.fromEntries(Object.entries(root).filter(([, value]) => value !== null));
  return root["receiveConnectors"] === null ? { ...kept, receiveConnectors: [] } : kept;
}

function ownHostname(surroundings: ConfigSurroundings): string {
  const name = parseDomain(surroundings.hostname ?? systemHostname());
  return name.ok && !name.value.includes("_") ? name.value : "localhost";
}
