/**
 * The wall clock jumps under a relay that delivers by MX record: its answers of DNS, policies, TLSA records, certificates and
 * signatures all have times in them. While it runs, and over a start under the wrong clock.
 */
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Answer } from "dns-packet";
import { newSigningKey } from "../../../../src/dkim/signing-key.ts";
import { freePort } from "../../../../src/testing/free-port.ts";
import {
  authenticData,
  openNameServer,
  type ScriptedNameServer,
} from "../../../../src/testing/name-server.ts";
import { policyText } from "../../../../src/testing/policy-host.ts";
import { startRecordingSink, type RecordingSink } from "../../../../src/testing/recording-sink.ts";
import { type SpawnedRelay, spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import { issueServerCertificate, makeAuthority } from "../../../../src/testing/test-authority.ts";
import { sendMessage } from "../../../journeys/send-message.ts";
import type { Finding, Part, PartOptions } from "../part.ts";
import { fakeTime, jumps, noJump } from "../rig/fake-time.ts";

const kinds = ["plain", "sts", "dane"] as const;
type Kind = (typeof kinds)[number];
const domainOf = (kind: Kind): string => `${kind}.test`;
/** In a round: more would be a storm. Nine names and types, asked for a few times each, and what was forgotten on a restart. */
const mostQuestions = 120;
const waitMs = 20_000;

interface World {
  readonly dns: ScriptedNameServer;
  readonly sinks: Readonly<Record<Kind | "reports", RecordingSink>>;
  readonly policies: Server;
  readonly asked: string[];
  readonly mxPort: number;
  readonly root: string;
  close(): Promise<void>;
}

async function world(): Promise<World> {
  const at = `127.${60 + (process.pid % 60)}.${process.pid % 250}`;
  const addresses = { plain: `${at}.11`, sts: `${at}.12`, dane: `${at}.13`, policy: `${at}.14` } as const;
  const mxPort = await freePort();
  const root = await makeAuthority("Root");
  const names = kinds.flatMap((kind) => [`mx.${domainOf(kind)}`, `mta-sts.${domainOf(kind)}`]);
  const pair = await issueServerCertificate(root, { names });
  const spki = new X509Certificate(pair.cert).publicKey.export({ type: "spki", format: "der" });
  const certificate = createHash("sha256").update(spki).digest();
  const signed = (answers: readonly Answer[]) => ({ flags: 0x180 | authenticData, answers: [...answers] });
  const dns = await openNameServer(({ name, type }) => {
    const asked = name.toLowerCase();
    if ((asked === "" || asked === ".") && type === "DNSKEY") return signed([]);
    const kind = kinds.find((one) => asked === domainOf(one) || asked.endsWith(`.${domainOf(one)}`));
    if (kind === undefined) return [];
    const ttl = 300;
    const domain = domainOf(kind);
    const answers: Answer[] = [];
    if (type === "MX" && asked === domain)
      answers.push({ name, type: "MX", ttl, data: { preference: 10, exchange: `mx.${domain}` } });
    if (type === "A" && asked === `mx.${domain}`)
      answers.push({ name, type: "A", ttl, data: addresses[kind] });
    if (kind === "sts" && type === "A" && asked === `mta-sts.${domain}`)
      answers.push({ name, type: "A", ttl, data: addresses.policy });
    if (kind === "sts" && type === "TXT" && asked === `_mta-sts.${domain}`)
      answers.push({ name, type: "TXT", ttl, data: ["v=STSv1; id=1;"] });
    if (kind === "dane" && type === "TLSA" && asked === `_${mxPort}._tcp.mx.${domain}`)
      answers.push({
        name,
        type: "TLSA",
        ttl,
        data: { usage: 3, selector: 1, matchingType: 1, certificate },
      });
    return kind === "dane" ? signed(answers) : answers;
  });
  const sinkAt = (address: string): Promise<RecordingSink> =>
    startRecordingSink({
      address,
      port: mxPort,
      tls: pair,
      extensions: ["PIPELINING", "8BITMIME", "STARTTLS"],
    });
  const sinks = {
    plain: await sinkAt(addresses.plain),
    sts: await sinkAt(addresses.sts),
    dane: await sinkAt(addresses.dane),
    reports: await startRecordingSink(),
  };
  const asked: string[] = [];
  const policies = createServer(pair, ({ headers }, response) => {
    asked.push(headers.host ?? "");
    response.end(policyText("mode: enforce", "mx: mx.sts.test", "max_age: 604800"));
  });
  policies.on("tlsClientError", () => undefined);
  policies.listen(443, addresses.policy);
  await once(policies, "listening");
  return {
    dns,
    sinks,
    policies,
    asked,
    mxPort,
    root: root.pem,
    async close() {
      policies.closeAllConnections();
      policies.close();
      await Promise.all([dns.close(), ...Object.values(sinks).map((sink) => sink.close())]);
    },
  };
}

interface Outcome {
  /** Messages that are missing in the end, reports, and what else must not be. */
  readonly faults: readonly string[];
  readonly waited: readonly string[];
  readonly questions: number;
  readonly fetches: number;
}

interface RunOptions extends Pick<PartOptions, "folder"> {
  readonly to: string;
  readonly isRestarted: boolean;
  /** What the relay is told of MTA-STS. */
  readonly mtaSts: "enforce" | "none";
}

async function run({ folder, to, isRestarted, mtaSts }: RunOptions): Promise<Outcome> {
  mkdirSync(folder, { recursive: true });
  const there = await world();
  const { env, set } = fakeTime(folder);
  const port = await freePort();
  const key = join(folder, "dkim.pem");
  writeFileSync(key, await newSigningKey("rsa"), { mode: 0o600 });
  writeFileSync(join(folder, "root.pem"), there.root);
  const configFile = join(folder, "weir.yaml");
  writeFileSync(configFile, JSON.stringify(settings(folder, port, there, mtaSts)));
  let relay: SpawnedRelay | undefined;
  const start = async (): Promise<void> => {
    relay = await spawnRelay(["start", "--config", configFile], { cwd: folder, env });
    await relay.said(/Listening on/);
  };
  const end = async (): Promise<void> => {
    relay?.kill("SIGTERM");
    await relay?.exited;
  };
  const faults: string[] = [];
  const waited: string[] = [];
  let sent = 0;
  const send = async (): Promise<void> => {
    sent++;
    const header = `From: app@app.example\r\nTo: x@dest.example\r\nSubject: ${sent}\r\nDate: Mon, 30 Nov 2026 12:00:00 +0000\r\n`;
    for (const kind of kinds)
      await sendMessage({
        port,
        content: Buffer.from(`${header}\r\nHello\r\n`),
        from: "app@app.example",
        to: [`x@${domainOf(kind)}`],
      });
  };
  const missing = (): Kind[] => kinds.filter((kind) => there.sinks[kind].messages.length < sent);
  const arrived = async (ms: number): Promise<void> => {
    for (const until = performance.now() + ms; performance.now() < until && missing().length > 0;)
      await delay(50);
  };
  try {
    set(noJump);
    await start();
    await send();
    await arrived(waitMs);
    if (missing().length > 0) faults.push(`before the jump: ${missing().join(", ")} missing`);
    if (isRestarted) await end();
    set(to);
    if (isRestarted) await start();
    await send();
    await arrived(waitMs / 2);
    waited.push(...missing());
    if (isRestarted) await end();
    set(noJump);
    if (isRestarted) await start();
    await send();
    await arrived(waitMs);
    if (missing().length > 0) faults.push(`in the end: ${missing().join(", ")} missing`);
    for (const kind of kinds) {
      const got = there.sinks[kind].messages;
      if (got.length > sent) faults.push(`${got.length - sent} twice to ${kind}`);
      if (!got.every(({ tls }) => tls)) faults.push(`in clear to ${kind}`);
      for (const { content } of got)
        faults.push(
          ...timesOf(content)
            .filter((one) => !isNow(one))
            .map(absurd),
        );
    }
    const reports = there.sinks.reports.messages.length;
    if (reports > 0) faults.push(`${reports} reports`);
    return {
      faults: [...new Set(faults)],
      waited,
      questions: there.dns.asked.length,
      fetches: there.asked.length,
    };
  } finally {
    relay?.kill("SIGKILL");
    await relay?.exited;
    await there.close();
  }
}

/** Of a signature: when it was made and when it ends; none where there is no signature. */
function timesOf(content: Buffer): readonly number[] {
  const field =
    content
      .toString("latin1")
      .replaceAll(/\r\n\t/gu, " ")
      .split("\r\n", 1)[0] ?? "";
  if (!field.startsWith("DKIM-Signature:")) return [Number.NaN];
  return [...field.matchAll(/\b[tx]=(\d+)/gu)].map(([, seconds]) => Number(seconds) * 1000);
}
/** A signature lasts ten days; a clock that is a day off cannot be told from one that is right. */
const isNow = (atMs: number): boolean => Math.abs(atMs - Date.now()) < 12 * 86_400_000;
const absurd = (atMs: number): string =>
  Number.isNaN(atMs) ? "unsigned" : `signed at ${new Date(atMs).toISOString().slice(0, 10)}`;

function settings(folder: string, port: number, { dns, sinks, mxPort }: World, mtaSts: string) {
  return {
    hostname: "relay.test",
    dataDirectory: join(folder, "data"),
    receiveConnectors: [
      {
        name: "AppRelay",
        bindings: [`127.0.0.1:${port}`],
        remoteIpRanges: ["127.0.0.0/8"],
        permissionGroups: ["AnonymousUsers"],
        anonymousRelay: true,
      },
    ],
    sendConnectors: [
      {
        name: "Internet",
        addressSpaces: kinds.map(domainOf),
        dnsRoutingEnabled: true,
        port: mxPort,
        mtaSts,
        mxAllowPrivateHosts: true,
        tlsCaFile: "root.pem",
      },
      { name: "Reports", addressSpaces: ["app.example"], smartHosts: [`[127.0.0.1]:${sinks.reports.port}`] },
    ],
    dkimKeys: [{ name: "s._domainkey.app.example", keyFile: "dkim.pem" }],
    transport: {
      externalDnsServers: [`${dns.server.address}:${dns.server.port}`],
      mtaStsAllowPrivateHosts: true,
      transientFailureRetryInterval: "2s",
      queueGlitchRetryInterval: "1s",
      outboundConnectionFailureRetryInterval: "2s",
      messageRetryInterval: "2s",
    },
  };
}

/**
 * Certificates are judged by the clock there is: mail that must have a valid one waits until that is right, where there is no
 * connection from before. Never goes it without, for the policy that demands it has not ended by a clock that is wrong.
 */
const waits = (to: string, isRestarted: boolean): boolean => isRestarted && !/^[+-]1d$/u.test(to);

async function finding(what: string, options: RunOptions): Promise<Finding> {
  const { faults, waited, questions, fetches } = await run(options);
  const wanted = waits(options.to, options.isRestarted) ? ["sts"] : [];
  const told = [
    ...faults,
    ...waited.filter((kind) => !wanted.includes(kind)).map((kind) => `${kind} waited`),
    ...wanted.filter((kind) => !waited.includes(kind as Kind)).map((kind) => `${kind} did not wait`),
  ];
  return {
    what,
    count: "9 messages",
    required: `all there${wanted.length > 0 ? ", sts when the clock is right" : ""}; within TLS, no report, signatures of today, ≤ ${mostQuestions} questions to DNS`,
    measured: `${told.length === 0 ? "so it is" : told.join(", ")}; ${questions} questions, policy fetched ${fetches} ×`,
    held: told.length === 0 && questions <= mostQuestions,
  };
}

export const clockMx: Part = {
  name: "clock-mx",
  about: "the wall clock jumps under delivery by MX record: DNS, MTA-STS, DANE, DKIM",
  needs: ["linux", "root", "faketime"],
  rounds: { usual: jumps.length, quick: jumps.length },
  async run({ folder, rounds, progress }) {
    const findings: Finding[] = [];
    for (const { what, to } of jumps.slice(0, rounds))
      for (const isRestarted of [false, true]) {
        const how = isRestarted ? "while the relay is off, and back so" : "and back";
        progress(`${what}, ${how}`);
        const own = join(folder, `${to.slice(0, 4)}${isRestarted ? "-off" : ""}`);
        const options = { folder: own, to, isRestarted, mtaSts: "enforce" } as const;
        findings.push(await finding(`the wall clock jumps ${what}, ${how}`, options));
      }
    progress("control: no policies are kept to");
    const control = {
      folder: join(folder, "control"),
      to: "+10y",
      isRestarted: true,
      mtaSts: "none",
    } as const;
    return [
      ...findings,
      { ...(await finding("the same, ten years ahead, with mtaSts: none", control)), control: true },
    ];
  },
};
