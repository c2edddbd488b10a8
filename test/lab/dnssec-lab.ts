/**
 * DNSSEC on loopback, of other people's making: NSD serves a signed root and zones below it, Unbound asks it and checks
 * signatures. One start serves all that a file tests.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { exchange } from "../../src/dns/exchange.ts";
import type { NameServer } from "../../src/dns/name-server.ts";
import { createQuery } from "../../src/dns/query-packet.ts";
import { freePort } from "../../src/testing/free-port.ts";

const run = promisify(execFile);

const programs = ["/usr/sbin/nsd", "/usr/sbin/unbound", "/usr/bin/dnssec-signzone", "/usr/bin/dnssec-keygen"];
/** Else its tests are skipped, aloud. */
export const labPrograms = { missing: programs.filter((program) => !existsSync(program)) };

export interface LabZone {
  /** Without the final dot. */
  readonly name: string;
  /** Lines of a zone file, relative to it. */
  readonly lines: readonly string[];
  readonly isSigned: boolean;
  /** Changes the signed zone file, as nobody may. */
  readonly forge?: (signed: string) => string;
}

export interface DnssecLab {
  /** Unbound, which checks signatures. */
  readonly validating: NameServer;
  /** NSD itself: it knows of signatures, and checks none. */
  readonly authoritative: NameServer;
  close(): Promise<void>;
}

/** `ports`: of Unbound and NSD; left out: free ones. */
export async function startDnssecLab(
  zones: readonly LabZone[],
  ports?: { readonly validating: number; readonly authoritative: number },
): Promise<DnssecLab> {
  const directory = await mkdtemp(join(tmpdir(), "weir-dnssec-"));
  const processes: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(processes.map(ended));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const files = await Promise.all(zones.map((zone) => writeZone(directory, zone)));
    const delegations = zones.flatMap(({ name }, at) => [
      `${name}. NS ns.${name}.`,
      ...(files[at]?.ds ?? []),
    ]);
    const glue = zones.map(({ name }) => `ns.${name}. A 127.0.0.1`);
    const root = await writeZone(directory, { name: "", lines: [...delegations, ...glue], isSigned: true });
    const [authoritative, validating] = ports
      ? [ports.authoritative, ports.validating]
      : [await freePort(), await freePort()];
    const served = [
      { name: "", ...root },
      ...zones.map(({ name }, at) => ({ name, file: files[at]?.file ?? "" })),
    ];
    const [nsd, unbound] = [join(directory, "nsd.conf"), join(directory, "unbound.conf")];
    await Promise.all([
      writeFile(nsd, nsdConfiguration(directory, authoritative, served)),
      writeFile(unbound, unboundConfiguration(directory, validating, authoritative, root.ds)),
    ]);
    processes.push(spawn("/usr/sbin/nsd", ["-d", "-c", nsd], { stdio: "ignore" }));
    processes.push(spawn("/usr/sbin/unbound", ["-d", "-c", unbound], { stdio: "ignore" }));
    const lab = {
      validating: { address: "127.0.0.1", port: validating, trusted: true },
      authoritative: { address: "127.0.0.1", port: authoritative, trusted: true },
      close,
    };
    await answering(lab.authoritative, directory);
    await answering(lab.validating, directory);
    return lab;
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeZone(
  directory: string,
  { name, lines, isSigned, forge }: LabZone,
): Promise<{ readonly file: string; readonly ds: readonly string[] }> {
  const label = name === "" ? "root" : name;
  const file = join(directory, `${label}.zone`);
  const below = name === "" ? "." : `${name}.`;
  const server = name === "" ? "ns.root-servers." : `ns.${name}.`;
  const soa = `@ SOA ${server} admin.${server} 1 3600 600 86400 60`;
  const own = [`@ NS ${server}`, `${server} A 127.0.0.1`];
  await writeFile(file, [`$ORIGIN ${below}`, "$TTL 300", soa, ...own, ...lines, ""].join("\n"));
  if (!isSigned) return { file, ds: [] };
  const { stdout } = await run("dnssec-keygen", [
    "-q",
    "-K",
    directory,
    "-a",
    "ECDSAP256SHA256",
    "-f",
    "KSK",
    below,
  ]);
  const key = await readFile(join(directory, `${stdout.trim()}.key`), "utf8");
  await appendFile(
    file,
    key
      .split("\n")
      .filter((line) => !line.startsWith(";"))
      .join("\n"),
  );
  const signed = `${file}.signed`;
  // -z: one key signs all; -x would leave the zone's own records to a second.
  await run("dnssec-signzone", [
    "-z",
    "-P",
    "-d",
    directory,
    "-o",
    below,
    "-f",
    signed,
    file,
    join(directory, stdout.trim()),
  ]);
  if (forge !== undefined) await writeFile(signed, forge(await readFile(signed, "utf8")));
  const ds = await readFile(join(directory, `dsset-${below}`), "utf8");
  return { file: signed, ds: ds.split("\n").filter((line) => line !== "") };
}

function nsdConfiguration(
  directory: string,
  port: number,
  zones: readonly { readonly name: string; readonly file: string }[],
): string {
  const served = zones.map(({ name, file }) => `zone:\n  name: "${name}."\n  zonefile: "${file}"`);
  return `server:
  ip-address: 127.0.0.1@${port}
  port: ${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${directory}"
  database: ""
  pidfile: ""
  xfrdfile: "${join(directory, "xfrd.state")}"
  zonelistfile: "${join(directory, "zone.list")}"
  xfrdir: "${directory}"
  logfile: "${join(directory, "nsd.log")}"
remote-control:
  control-enable: no
${served.join("\n")}
`;
}

function unboundConfiguration(
  directory: string,
  port: number,
  authoritative: number,
  anchors: readonly string[],
): string {
  return `server:
  interface: 127.0.0.1
  port: ${port}
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  use-syslog: no
  logfile: "${join(directory, "unbound.log")}"
  num-threads: 1
  do-not-query-localhost: no
  do-ip6: no
  module-config: "validator iterator"
  local-zone: "test." nodefault
  ${anchors.map((ds) => `trust-anchor: "${ds.replaceAll("\t", " ")}"`).join("\n  ")}
  qname-minimisation: no
  ede: yes
  target-fetch-policy: "0 0 0 0 0"
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@${authoritative}
`;
}

/** Until it does, 30 s at most. */
async function answering(server: NameServer, directory: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const answer = await exchange(server, createQuery("", "DNSKEY"), AbortSignal.timeout(500));
    if (answer.kind === "reply" && answer.packet.rcode === "NOERROR") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const logs = await Promise.all(
    ["nsd.log", "unbound.log"].map((log) => readFile(join(directory, log), "utf8").catch(() => "")),
  );
  throw new Error(`port ${server.port} does not answer: ${logs.join("\n").slice(-2000)}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
