/** MTA-STS through a relay: a policy host, mail servers with all kinds of certificates. Vectors S1 to S5, S11, S12. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { zoneResolver, type ZoneResolver } from "../../src/testing/dns-zone.ts";
import { policyText, startPolicyHost, type PolicyHost } from "../../src/testing/policy-host.ts";
import {
  startRecordingSink,
  type RecordingSink,
  type SinkSettings,
} from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import {
  issueServerCertificate,
  makeAuthority,
  type Issuer,
  type ServerCertificate,
} from "../../src/testing/test-authority.ts";
import { plain } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

/** What is wrong with the mail host, at which address, and how it is counted. */
const faults = {
  name: { address: "127.0.0.42", counted: "certificate-host-mismatch" },
  self: { address: "127.0.0.43", counted: "certificate-not-trusted" },
  expired: { address: "127.0.0.44", counted: "certificate-expired" },
  chain: { address: "127.0.0.45", counted: "certificate-not-trusted" },
  clear: { address: "127.0.0.46", counted: "starttls-not-supported" },
  later: { address: "127.0.0.47", counted: "starttls-not-supported" },
  common: { address: "127.0.0.48", counted: "certificate-host-mismatch" },
} as const;
const kinds = Object.keys(faults) as (keyof typeof faults)[];
const right = "127.0.0.41";
/** Whose policy is enforced, and whose is in testing. */
const enforced = kinds.map((kind) => `${kind}.enforce.test`);
const watched = kinds.map((kind) => `${kind}.testing.test`);
const domains = ["good.test", "pair.test", ...enforced, ...watched];
const hostsOf = (domain: string): string[] => [`mx.${domain}`, `other.${domain}`];

let root: Issuer;
let policyHost: PolicyHost;
let zone: ZoneResolver;
let mxPort: number;
let relay: TemporaryRelay;
let dataDirectory: string | undefined;
const sinks = new Map<string, RecordingSink>();

async function sinkAt(
  address: string,
  tls: ServerCertificate | undefined,
  settings: Partial<SinkSettings> = {},
): Promise<void> {
  const extensions = tls === undefined ? ["PIPELINING"] : ["PIPELINING", "STARTTLS"];
  sinks.set(address, await startRecordingSink({ address, port: mxPort, tls, extensions, ...settings }));
}

const start = async (): Promise<void> => {
  relay = await startTemporaryRelay({
    sendConnectors: [
      smartHostConnector([], {
        name: "Internet",
        kind: "dns",
        port: mxPort,
        mtaSts: "enforce",
        tlsCa: { tlsCaFile: "root.pem", certificates: [root.pem] },
      }),
    ],
    transport: { mtaStsAllowPrivateHosts: true, queueGlitchRetryInterval: 600_000 },
    ports: { resolver: zone, dial: policyHost.dial },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
  ({ dataDirectory } = relay);
};
const send = (...to: readonly string[]): Promise<string> =>
  sendMessage({
    port: relay.port,
    content: plain.content,
    to: to.map((domain) => `x@${domain}`),
    from: "app@sender.test",
  });
const takenAt = (address: string): string[] =>
  (sinks.get(address)?.messages ?? [])
    .flatMap(({ recipients }) => recipients.map(({ path }) => path.replace("x@", "")))
    .toSorted();

beforeAll(async () => {
  mxPort = await freePort();
  root = await makeAuthority("Root");
  const intermediate = await makeAuthority("Intermediate", root);
  const names = domains.flatMap(hostsOf);
  const [own, other, self, expired, chain, common] = await Promise.all([
    issueServerCertificate(root, { names: [...names, ...domains.map((domain) => `mta-sts.${domain}`)] }),
    issueServerCertificate(root, { names: ["elsewhere.test"] }),
    issueServerCertificate(undefined, { names }),
    issueServerCertificate(root, { names, isExpired: true }),
    issueServerCertificate(intermediate, { names }),
    issueServerCertificate(root, { names: ["mx.common.enforce.test"], byCommonNameAlone: true }),
  ]);
  policyHost = await startPolicyHost(own);
  policyHost.answer = ({ headers: { host = "" } }, response) => {
    const domain = host.replace("mta-sts.", "");
    const mode = domain.endsWith(".testing.test") ? "testing" : "enforce";
    response.end(policyText(`mode: ${mode}`, `mx: mx.${domain}`, "max_age: 86400"));
  };
  await Promise.all([
    sinkAt(right, own),
    sinkAt(faults.name.address, other),
    sinkAt(faults.self.address, self),
    sinkAt(faults.expired.address, expired),
    sinkAt(faults.chain.address, chain),
    sinkAt(faults.common.address, common),
    sinkAt(faults.clear.address, undefined),
    sinkAt(faults.later.address, undefined, {
      extensions: ["PIPELINING", "STARTTLS"],
      behave: ({ at }) => (at === "STARTTLS" ? { reply: "454 4.7.0 TLS not available" } : undefined),
    }),
  ]);
  zone = zoneResolver({});
  for (const domain of domains) {
    zone.zone[`${domain} MX`] = [`20 mx.${domain}`];
    zone.zone[`_mta-sts.${domain} TXT`] = ["v=STSv1; id=1;"];
    zone.zone[`mta-sts.${domain} A`] = ["127.0.0.1"];
    const kind = kinds.find((one) => domain.startsWith(`${one}.`));
    zone.zone[`mx.${domain} A`] = [kind === undefined ? right : faults[kind].address];
  }
  zone.zone["pair.test MX"] = ["10 other.pair.test", "20 mx.pair.test"];
  zone.zone["other.pair.test A"] = [right];
  await start();
});
afterAll(async () => {
  await relay.halt();
  await Promise.all([policyHost.close(), ...Array.from(sinks.values(), (sink) => sink.close())]);
  if (dataDirectory !== undefined) await rm(dataDirectory, { recursive: true, force: true });
});

/** `policy result host` of each kind of session that was counted. */
async function counted(domain: string): Promise<string[]> {
  const { reports } = await relay.relay.tlsReports({ domain }, 10);
  const policies = reports.flatMap(({ report }) => report.policies);
  return policies
    .flatMap(({ policy, summary, "failure-details": details = [] }) => [
      ...(summary["total-successful-session-count"] > 0 ? [`${policy["policy-type"]} success`] : []),
      ...details.map(
        (one) => `${policy["policy-type"]} ${one["result-type"]} ${one["receiving-mx-hostname"]}`,
      ),
    ])
    .toSorted();
}

test("mail goes where policies let it, what is in testing is counted, and the rest waits", async () => {
  await send(...domains);
  await expect.poll(() => takenAt(right)).toEqual(["good.test", "pair.test"]);
  for (const kind of kinds)
    await expect.poll(() => takenAt(faults[kind].address)).toEqual([`${kind}.testing.test`]);
  const waiting = () =>
    relay.relay
      .queues()
      .filter(({ status }) => status === "Retry")
      .map(({ identity }) => identity)
      .toSorted();
  await expect.poll(waiting).toEqual(enforced.map((domain) => `Internet;${domain}`).toSorted());

  expect(await counted("good.test")).toEqual(["sts success"]);
  expect(await counted("pair.test")).toEqual(["sts success", "sts validation-failure other.pair.test"]);
  for (const kind of kinds)
    for (const mode of ["enforce", "testing"])
      expect(await counted(`${kind}.${mode}.test`)).toEqual([
        `sts ${faults[kind].counted} mx.${kind}.${mode}.test`,
      ]);
  expect(policyHost.asked.filter((line) => line.startsWith("mta-sts.good.test"))).toHaveLength(1);
});

test("Resolve-NextHop says so", async () => {
  const { steps } = await relay.relay.resolveNextHop("good.test", false);
  expect(steps.map(({ step, finding }) => `${step}: ${finding}`).join("\n")).toMatch(
    /TLS of mx\.good\.test: sts, required/,
  );
});

test("a message that says TLS-Required: No goes where its policy would not let it, and is not counted", async () => {
  const before = await counted("expired.enforce.test");
  await sendMessage({
    port: relay.port,
    content: Buffer.concat([Buffer.from("TLS-Required: No\r\n"), plain.content]),
    to: ["x@expired.enforce.test"],
    from: "app@sender.test",
  });
  relay.relay.retryNow("Internet;expired.enforce.test");
  await expect
    .poll(() => takenAt(faults.expired.address))
    .toEqual(["expired.enforce.test", "expired.testing.test"]);
  expect(await counted("expired.enforce.test")).toEqual(before);
});

test("a policy is in force after a restart with its host and record gone (S11)", async () => {
  await relay.halt();
  policyHost.answer = (_, response) => response.writeHead(503).end();
  for (const domain of domains) delete zone.zone[`_mta-sts.${domain} TXT`];
  await start();
  await send("clear.enforce.test", "good.test");
  await expect.poll(() => takenAt(right)).toEqual(["good.test", "good.test", "pair.test"]);
  await expect
    .poll(
      () => relay.relay.queues().find(({ identity }) => identity === "Internet;clear.enforce.test")?.status,
    )
    .toBe("Retry");
  expect(takenAt(faults.clear.address)).toEqual(["clear.testing.test"]);
  expect(await relay.relay.mtaStsPolicy("clear.enforce.test", false)).toMatchObject({ kind: "policy" });
});

test("a policy host on this machine is not asked, unless that is allowed (S12)", async () => {
  zone.zone["_mta-sts.new.test TXT"] = ["v=STSv1; id=1;"];
  zone.zone["mta-sts.new.test A"] = ["127.0.0.1"];
  const dialled = policyHost.dialled.length;
  await relay.relay.reconfigure({
    ...relay.settings,
    transport: { ...relay.settings.transport, mtaStsAllowPrivateHosts: false },
  });
  const { kind, reason } = await relay.relay.mtaStsPolicy("new.test", false);
  expect([kind, reason]).toEqual(["unknown", expect.stringContaining("no public address")]);
  expect(policyHost.dialled).toHaveLength(dialled);
});
