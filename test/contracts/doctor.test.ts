/** `weir doctor` and `weir support-bundle`, with a relay and without one. */
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { examine, patientOf } from "../../src/cli/doctor/examine.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { shapeOf, createPseudonyms } from "../../src/cli/support-bundle/shape.ts";
import { stackOf } from "../../src/cli/support-bundle/told-events.ts";
import { vocabularyOf } from "../../src/cli/support-bundle/vocabulary.ts";
import { configurationJsonSchema } from "../../src/config/json-schema.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { issueCertificate } from "../../src/testing/issued-certificate.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

/** Planted wherever something can be: none may come out. */
const planted = [
  "s3cr3t-passw0rd",
  "Quarterly-Figures",
  "contoso-secret",
  "anna.private",
  "10.98.76.0",
  "smart-host-xyz",
  "payroll-app",
  "body-of-the-mail",
  "comment-of-somebody",
  "PlantedConnector",
  "in-house-purpose",
  "helo-of-a-client",
];

let relay: AdministeredRelay;
let port: number;
beforeAll(async () => {
  port = await freePort();
  relay = await startAdministeredRelay(`# comment-of-somebody
receiveConnectors:
  - name: PlantedConnector
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8", "10.98.76.0/24"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    comment: comment-of-somebody
    maxMessageSize: 10MB
sendConnectors:
  - name: contoso-secret out
    addressSpaces: [contoso-secret.example]
    smartHosts: ["smart-host-xyz.invalid:25"]
    authenticationCredential: { userName: anna.private, password: s3cr3t-passw0rd }
    requireTls: true
applications:
  - name: payroll-app
    purpose: in-house-purpose
    addresses: [10.98.76.0/24]
`);
  const client = await connectScriptedClient({ port });
  await client.expect("220");
  await client.command("EHLO helo-of-a-client.example");
  await client.command("MAIL FROM:<anna.private@contoso-secret.example>");
  await client.command("RCPT TO:<boss@contoso-secret.example>");
  await client.command("DATA");
  expect((await client.command("Subject: Quarterly-Figures\r\n\r\nbody-of-the-mail\r\n.")).code).toBe(250);
  await client.command("MAIL FROM:<anna.private@contoso-secret.example>");
  await client.command("RCPT TO:<not an address>");
  client.close();
  relay.relay.events.emit("RelayFault", {
    where: "s3cr3t-passw0rd",
    error:
      "Error: anna.private@contoso-secret.example\n    at send (/home/anna.private/src/send/x.ts:3:4)\n    at node:internal/x:1:2",
  });
  await relay.relay.flushLogs();
});
afterAll(() => relay.stop());

const weir = async (...words: string[]) => {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
};
const findings = async (): Promise<readonly Finding[]> =>
  JSON.parse((await weir("doctor", "-Json")).out) as Finding[];
const codes = (found: readonly Finding[]) => found.map(({ code }) => code);

test("a running relay is looked at, and what is wrong comes first, with what to do", async () => {
  await chmod(relay.dataDirectory, 0o755);
  const { code, out } = await weir("doctor");
  const found = await findings();
  await chmod(relay.dataDirectory, 0o700);
  expect(code).toBe(1);
  expect(codes(found)).toEqual(
    expect.arrayContaining(["nameNotFound", "dataOpen", "relayFine", "portsFine", "formatsFine"]),
  );
  const order = found.map(({ level }) => ["bad", "warning", "note", "good"].indexOf(level));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  for (const { level, advice, text } of found)
    if (level === "bad" || level === "warning") expect(advice, text).not.toBeUndefined();
  expect(out).toMatch(/^bad +DNS +the smart host smart-host-xyz\.invalid is not found: /m);
  expect(out).toContain(`chmod 700 ${relay.dataDirectory}`);
  // Looking leaves nothing behind.
  expect(codes(await findings())).not.toContain("dataOpen");
});

test("what everybody may read of keys and secrets is found, and a disk of the journal's own is looked at", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-doctor-"));
  const { tlsKeyFile } = await issueCertificate(folder, "pair", ["mail.test"]);
  await writeFile(join(folder, "password"), "s3cr3t-passw0rd\n", { mode: 0o644 });
  await chmod(tlsKeyFile, 0o644);
  const file = join(folder, "weir.yaml");
  await writeFile(
    file,
    `receiveConnectors:
  - { name: In, bindings: ["127.0.0.1:0"], tlsCertificateFile: pair.pem, tlsKeyFile: pair.key }
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:1"]
    smartHostAuthMechanism: BasicAuth
    authenticationCredential: { userName: u, passwordFile: password }
`,
  );
  await mkdir(join(folder, "data/spool"), { recursive: true, mode: 0o700 });
  // On every Linux a file system that is not the test's.
  await symlink("/proc", join(folder, "data/spool/journal"));
  const output = recordingOutput();
  await main(["doctor", "-Json", "--config", file], output);
  const found = JSON.parse(output.out()) as Finding[];
  const open = found.flatMap(({ code, text }) => (code === "secretOpen" ? [text] : []));
  expect(open.toSorted()).toEqual([
    `everybody on this machine may read ${join(folder, "pair.key")}, a private key`,
    `everybody on this machine may read ${join(folder, "password")}`,
  ]);
  const mounts = found.filter(({ check }) => check === "mount").map(({ text }) => text);
  expect(mounts.join("\n")).toMatch(/data\/spool\/journal is on proc, mounted at \/proc/);
  await rm(folder, { recursive: true });
});

test("what keeps a relay from starting has its own advice, and one that hangs is told as that", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-doctor-"));
  const file = join(folder, "weir.yaml");
  const data = join(folder, "data");
  await writeFile(
    file,
    `receiveConnectors: [{ name: In, bindings: ["192.0.2.77:25"], remoteIpRanges: ["192.0.2.0/24"] }]
sendConnectors: [{ name: Out, addressSpaces: ["*"], smartHosts: ["127.0.0.1:1"] }]
`,
  );
  const examined = async (patienceMs?: number) => {
    const found = await examine(await patientOf(file, patienceMs));
    return new Map(found.map(({ code, advice = "" }) => [code, advice]));
  };
  await writeFile(data, "a file");
  const ofFile = await examined();
  expect(ofFile.get("dataNoDirectory")).toContain("move it away");
  expect(ofFile.get("addressNotHere")).toContain("an address of this machine");
  expect([...ofFile.values()].join()).not.toContain("chmod");
  await rm(data);
  await mkdir(data, { mode: 0o700 });
  await writeFile(join(data, "restore-unfinished"), "");
  expect((await examined()).get("formatsUnknown")).not.toContain("install the release");

  const mute = createServer().listen(join(data, "admin.sock"));
  await once(mute, "listening");
  expect((await examined(50)).get("relayHangs")).toContain("kill -CONT");
  mute.close();
  await rm(folder, { recursive: true });
});

test("a support bundle holds nothing that was planted, nor an address, and enough to help", async () => {
  const file = join(dirname(relay.file), "bundle.json");
  expect((await weir("support-bundle", file)).code).toBe(0);
  const bundle = await readFile(file, "utf8");
  for (const word of [...planted, relay.dataDirectory, dirname(relay.file), "relay.test"])
    expect(bundle.toLowerCase(), word).not.toContain(word.toLowerCase());
  expect(bundle).not.toContain("@");
  expect(bundle).not.toMatch(/\b\d{1,3}(\.\d{1,3}){3}\b/);
  const told = JSON.parse(bundle) as {
    configuration: {
      shape: { receiveConnectors: Record<string, unknown>[]; sendConnectors: Record<string, unknown>[] };
    };
    events: { name: string; stack?: string[] }[];
    relay: { queued: number; queues: { lastCode: string | null; connector: string }[] };
    findings: { code: string }[];
  };
  const [receive] = told.configuration.shape.receiveConnectors;
  expect(receive).toMatchObject({
    permissionGroups: ["AnonymousUsers"],
    anonymousRelay: true,
    maxMessageSize: "10MB",
  });
  const [send] = told.configuration.shape.sendConnectors;
  expect(send).toMatchObject({ requireTls: true });
  expect(told.relay.queued).toBe(1);
  // The same name is the same everywhere.
  expect(told.relay.queues.some(({ connector }) => connector === send?.["name"])).toBe(true);
  expect(told.events.find(({ name }) => name === "RelayFault")?.stack).toEqual([
    "send src/send/x.ts:3:4",
    "node:internal/x:1:2",
  ]);
  expect(codes(told.findings as Finding[])).toContain("nameNotFound");
});

test("both work without a relay, and on a file with faults", async () => {
  await relay.halt();
  expect(codes(await findings())).toEqual(expect.arrayContaining(["relayStopped", "configurationWarning"]));
  const before = await readFile(relay.file, "utf8");
  await writeFile(relay.file, `${before}\nfoo-of-contoso-secret: s3cr3t-passw0rd\n`);
  expect(codes(await findings())).toContain("configurationFaults");
  const file = join(dirname(relay.file), "bundle.json");
  expect((await weir("support-bundle", file)).code).toBe(0);
  const bundle = await readFile(file, "utf8");
  for (const word of planted) expect(bundle).not.toContain(word);
  expect(JSON.parse(bundle)).toMatchObject({ relay: null, configuration: { faults: 1 } });
  await mkdir(join(relay.dataDirectory, "spool/damaged"), { recursive: true });
  await writeFile(join(relay.dataDirectory, "spool/damaged/1.txt"), "x");
  expect(codes(await findings())).toContain("damagedMessages");

  await rename(join(relay.dataDirectory, "events"), join(relay.dataDirectory, "events-aside"));
  await writeFile(join(relay.dataDirectory, "events"), "nothing that can be read");
  expect((await weir("support-bundle", file)).complaints).toContain("the events are not in it");
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ events: null });
});

test.each([
  [
    { hostname: "a.example", unknown: "x" },
    { hostname: "text-1", "text-3": "text-2" },
  ],
  [{ users: [{ name: "n", password: 12345678 }] }, { users: [{ name: "text-1", password: "hidden" }] }],
  [
    { transport: { x: "5m", y: "12345", z: "2%", at: 7 } },
    { transport: { "text-1": "5m", "text-2": "text-3", "text-4": "2%", "text-5": "text-6" } },
  ],
  [
    { hostname: 4915112345678, receiveConnectors: [{ name: 77, maxRecipientsPerMessage: 200 }] },
    { hostname: "text-1", receiveConnectors: [{ name: "text-2", maxRecipientsPerMessage: 200 }] },
  ],
])("the shape of %j", (value, shape) => {
  const words = vocabularyOf(configurationJsonSchema());
  // Names are taken before values: only which texts are the same matters.
  const plain = (text: unknown) => JSON.stringify(text).replace(/text-\d+/g, "text");
  expect(plain(shapeOf(value, words, createPseudonyms()))).toBe(plain(shape));
});

test.each([
  ["Error: x\n    at a.b (file:///opt/weir/dist/chunk-1.js:1:2)", ["a.b dist/chunk-1.js:1:2"]],
  ["at anna (/home/anna/secret.ts:1:2)", []],
  ["    at evil@x.test (src/a.ts:1:2)", []],
  ["    at async run (src/a.ts:1:2)\\x0a    at src/b.ts:3:4", ["run src/a.ts:1:2", "src/b.ts:3:4"]],
])("of %j stays %j", (error, stack) => {
  expect(stackOf(error)).toEqual(stack);
});
