/** The section `cluster`: several nodes that share one queue and one set of limits. */
import { z } from "zod";
import type { ClusterSettings, DatabaseHost } from "../core/policy/cluster-settings.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import type { Findings, Path } from "./fault.ts";
import { certificatesOf, secretOfFile, type SecretSources } from "./secret-sources.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import {
  choice,
  duration,
  filePath,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";

const defaultPort = 5432;

/** `db1:5432`, `db1`, `[2001:db8::1]:5432`, or the directory of a Unix socket. */
export function parseDatabaseHost(input: string): Parsed<DatabaseHost> {
  const text = input.trim();
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+)|(\/[^:\0]*))(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[4] ?? defaultPort);
  const host = match?.[1] ?? match?.[2] ?? match?.[3];
  if (host === undefined || port < 1 || port > 65_535)
    return unparsable(`${quoted(input)} is no database server; write it like db1.example:5432`);
  return parsed({ host, port });
}

function parseIdentifier(input: string): Parsed<string> {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(input)
    ? parsed(input)
    : unparsable(`${quoted(input)} is no name for a schema: a to z, 0 to 9 and _, up to 63 characters`);
}

function parseNodeName(input: string): Parsed<string> {
  return /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/i.test(input)
    ? parsed(input)
    : unparsable(`${quoted(input)} is no name for a node: letters, digits, dots and hyphens`);
}

const tlsSchema = z.strictObject(
  {
    caFile: optionalSetting(
      filePath(),
      "the system's CAs",
      "PEM file of the CA of the servers' certificates.",
    ),
  },
  { error: notASection },
);

export const clusterDatabaseSchema = z.strictObject(
  {
    hosts: requiredSetting(
      listOf(parsedText({ kind: "host:port" }, parseDatabaseHost), { kind: "list of host:port" }).refine(
        (hosts) => hosts.length > 0,
        { error: "is empty" },
      ),
      "PostgreSQL servers (15 or later), such as db1:5432; the first that takes writes is used.",
    ),
    name: setting(name(63), "weir", "The database."),
    user: setting(name(63), "weir", "The role."),
    passwordFile: optionalSetting(
      filePath(),
      "none",
      "File whose first line is the role's password; read at each connection.",
    ),
    schema: setting(parsedText({ kind: "name" }, parseIdentifier), "weir", "Where the tables are."),
    durability: setting(
      choice(["standby", "service"]),
      "standby",
      "By what acknowledged mail outlives the database's machine: a synchronous standby, without which the node warns, or the `service` that runs the database and copies it below PostgreSQL, of which nothing is seen from here.",
    ),
    tls: optionalSetting(
      tlsSchema,
      "none: in clear text",
      "TLS; the server's certificate has to be for its name in hosts. `{}` takes the system's CAs.",
    ),
  },
  { error: notASection },
);

const ownName = (noun: string) => requiredSetting(name(64), `The ${noun} of the shared configuration.`);

/** Settings of receive connectors that differ by machine. */
export const ownReceiveConnectorSchema = z
  .strictObject(
    {
      name: ownName("receive connector"),
      ...receiveConnectorSchema.pick({
        bindings: true,
        implicitTlsBindings: true,
        httpBindings: true,
        fqdn: true,
        tlsCertificateFile: true,
        tlsKeyFile: true,
      }).shape,
    },
    { error: notASection },
  )
  .partial({
    bindings: true,
    implicitTlsBindings: true,
    httpBindings: true,
    fqdn: true,
    tlsCertificateFile: true,
    tlsKeyFile: true,
  });

/** Settings of send connectors that differ by machine. */
export const ownSendConnectorSchema = z
  .strictObject(
    {
      name: ownName("send connector"),
      ...sendConnectorSchema.pick({ sourceIpAddress: true, fqdn: true }).shape,
    },
    { error: notASection },
  )
  .partial({ sourceIpAddress: true, fqdn: true });

export const clusterSchema = z.strictObject(
  {
    node: optionalSetting(
      parsedText({ kind: "name" }, parseNodeName),
      "the system's host name",
      "What this node is called; no two that live have one name. Left out, as where machines come and go by themselves and share one file: as its system is, in a pod of Kubernetes the pod's name.",
    ),
    database: requiredSetting(clusterDatabaseSchema, "The database of all nodes, which keeps the mail."),
    lease: setting(
      duration({ min: 1_000, max: 300_000 }),
      "10s",
      "A node that the database has not heard of for so long is taken for dead, and others deliver its mail.",
    ),
    drainDelay: setting(
      duration({ min: 0, max: 600_000 }),
      "10s",
      "How long a suspended node (`Suspend-Node`) still takes connections while /readyz says no already: what the load balancer needs to notice.",
    ),
    forgetAfter: setting(
      duration({ min: 0, max: 604_800_000 }),
      "7d",
      "How long `Get-Node` shows this node when it is gone, and answers of all nodes name it as missing. Short where nodes come and go under new names, for what it had on its disk is gone with it.",
    ),
    receiveConnectors: setting(
      listOf(ownReceiveConnectorSchema, { kind: "list of receive connectors" }),
      [],
      "What this node has of them by itself, in place of what the shared configuration says: bindings, implicitTlsBindings, httpBindings, fqdn, tlsCertificateFile, tlsKeyFile.",
    ),
    sendConnectors: setting(
      listOf(ownSendConnectorSchema, { kind: "list of send connectors" }),
      [],
      "The same of send connectors: sourceIpAddress, fqdn.",
    ),
  },
  { error: notASection },
);

const isHere = ({ host }: DatabaseHost): boolean =>
  host.startsWith("/") || host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);

/** What a node is called that was given no name. `host`: the system's name. */
function nodeNameOf(host: string, findings: Findings): string {
  const named = /^localhost\b/i.test(host) ? undefined : parseNodeName(host);
  if (named?.ok === true) return named.value;
  findings.fault(
    ["cluster"],
    `node is missing, and the system's host name ${quoted(host)} is none for it: say how this node is called`,
  );
  return host;
}

/** `absolute`: of paths in the configuration. `host`: the system's name. */
export function readCluster(
  { node, database, lease, drainDelay, forgetAfter }: z.output<typeof clusterSchema>,
  { absolute, host }: { readonly absolute: (file: string) => string; readonly host: string },
  from: SecretSources,
  findings: Findings,
): ClusterSettings {
  const { passwordFile, tls, ...rest } = database;
  const at = (...place: Path): Path => ["cluster", "database", ...place];
  if (passwordFile !== undefined) secretOfFile(passwordFile, at("passwordFile"), from, findings);
  if (tls === undefined && !database.hosts.every(isHere))
    findings.warning(at("hosts"), "mail goes to the database in clear text; database.tls encrypts it");
  return {
    node: node ?? nodeNameOf(host, findings),
    leaseMs: lease,
    drainDelayMs: drainDelay,
    forgetAfterMs: forgetAfter,
    database: {
      ...rest,
      passwordFile: passwordFile === undefined ? undefined : absolute(passwordFile),
      tls:
        tls === undefined
          ? undefined
          : {
              ca:
                tls.caFile === undefined
                  ? undefined
                  : certificatesOf(tls.caFile, at("tls", "caFile"), from, findings),
            },
    },
  };
}
