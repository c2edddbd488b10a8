import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEventLog } from "../../events/event-log.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { type Certificates, createCertificates } from "./certificates.ts";
import { makeSelfSigned } from "./self-signed.ts";

let directory: string;
let certificates: Certificates;
let told: string[];
let problems: string[];
const clock = createFakeClock();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-tls-"));
  told = [];
  problems = [];
  const events = createEventLog({ clock, levels: { SmtpReceive: "Expert" } });
  events.subscribe(({ name, fields }) => {
    told.push(name);
    if (name === "TlsCertificateProblem") problems.push(String(fields["error"]));
  });
  certificates = createCertificates({
    directory: join(directory, "tls"),
    hostname: "relay.test",
    clock,
    events,
  });
});
afterEach(async () => {
  certificates.close();
  await rm(directory, { recursive: true });
});

const write = async (name: string, hostname: string) => {
  const pair = await makeSelfSigned(hostname, clock.wall());
  const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  await writeFile(key, pair.key);
  await writeFile(certificate, pair.certificate);
  return { tlsCertificateFile: [certificate], tlsKeyFile: [key] };
};
const lookAgain = async () => {
  await clock.advance(10_000);
  // Files are read outside the clock's time.
  await expect.poll(() => told.length).toBeGreaterThan(0);
};

test("a self-signed certificate is made once, with a private key file, and used again", async () => {
  const connector = receiveConnector();
  await certificates.load("receive", [connector]);
  expect(certificates.contextsFor(connector)).toBeDefined();
  const file = join(directory, "tls", "self-signed.pem");
  const made = new X509Certificate(await readFile(file));
  expect(made.subjectAltName).toBe("DNS:relay.test");
  expect((await stat(join(directory, "tls", "self-signed.key"))).mode & 0o777).toBe(0o600);
  await certificates.load("receive", [connector]);
  expect(new X509Certificate(await readFile(file)).fingerprint256).toBe(made.fingerprint256);
  expect(told).toEqual(["TlsCertificateLoaded"]);
});

test("a pair that begins later takes the place of one that holds when it begins", async () => {
  const files = await write("a", "a.test");
  const connector = receiveConnector(files);
  await certificates.load("receive", [connector]);
  const [good] = certificates.inUse();
  // Its notBefore is a day before its making, so 15 s ahead.
  const next = await makeSelfSigned("a.test", new Date(clock.wall().getTime() + 86_400_000 + 15_000));
  await writeFile(files.tlsKeyFile[0] ?? "", next.key);
  await writeFile(files.tlsCertificateFile[0] ?? "", next.certificate);
  told = [];
  await lookAgain();
  expect(told).toEqual(["TlsCertificateProblem"]);
  expect(certificates.inUse()).toEqual([good]);
  told = [];
  await lookAgain();
  expect(told).toEqual(["TlsCertificateLoaded"]);
  expect(certificates.inUse()[0]?.validTo).toBeGreaterThan(good?.validTo ?? 0);
});

test("a pair that has ended takes no place of one that holds; where none does, it is presented", async () => {
  const files = await write("a", "a.test");
  const connector = receiveConnector(files);
  await certificates.load("receive", [connector]);
  const [good] = certificates.inUse();
  const ended = await makeSelfSigned("a.test", new Date(0));
  expect(Date.parse(new X509Certificate(ended.certificate).validTo)).toBeLessThan(clock.wall().getTime());
  await writeFile(files.tlsKeyFile[0] ?? "", ended.key);
  await writeFile(files.tlsCertificateFile[0] ?? "", ended.certificate);
  told = [];
  await lookAgain();
  expect(told).toEqual(["TlsCertificateProblem"]);
  expect(certificates.inUse()).toEqual([good]);
  expect(problems.at(-1)).toMatch(/it ended on 197\d-\d\d-\d\d, and the one in use holds until /);

  const other = { ...files, tlsCertificateFile: [join(directory, "b.pem")] };
  await writeFile(join(directory, "b.pem"), ended.certificate);
  await certificates.load("receive", [receiveConnector(other)]);
  expect(certificates.inUse()).toMatchObject([{ file: join(directory, "b.pem") }]);
});

test.each([
  ["both empty, as a loss of power leaves them", "", ""],
  ["a cut certificate", undefined, "-----BEGIN CERTIFICATE-----\nMIIB"],
  ["a cut key", "-----BEGIN PRIVATE KEY-----\nMIGH", undefined],
  ["no key", null, undefined],
  ["no certificate", undefined, null],
])("a self-signed pair that is of no use is made anew: %s", async (_, key, certificate) => {
  const connector = receiveConnector();
  await certificates.load("receive", [connector]);
  certificates.close();
  for (const [name, octets] of [
    ["self-signed.key", key],
    ["self-signed.pem", certificate],
  ] as const) {
    const file = join(directory, "tls", name);
    if (octets === null) await rm(file);
    else if (octets !== undefined) await writeFile(file, octets);
  }
  const events = createEventLog({ clock, levels: {} });
  certificates = createCertificates({
    directory: join(directory, "tls"),
    hostname: "relay.test",
    clock,
    events,
  });
  await certificates.load("receive", [connector]);
  const pair = certificates.pairFor(connector);
  expect(pair && new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
});

test("a self-signed key of another pair is made anew with its certificate", async () => {
  const connector = receiveConnector();
  await certificates.load("receive", [connector]);
  const [certFile, keyFile] = [
    join(directory, "tls", "self-signed.pem"),
    join(directory, "tls", "self-signed.key"),
  ];
  // As it is between the two renames.
  await writeFile(keyFile, (await makeSelfSigned("relay.test", clock.wall())).key);
  const before = await readFile(certFile, "utf8");
  const next = createCertificates({
    directory: join(directory, "tls"),
    hostname: "relay.test",
    clock,
    events: createEventLog({ clock, levels: {} }),
  });
  await next.load("receive", [connector]);
  next.close();
  expect(next.contextsFor(connector)).toBeDefined();
  expect(await readFile(certFile, "utf8")).not.toBe(before);
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
});

test("changed files are loaded without a restart; a bad pair keeps the last good one", async () => {
  const files = await write("own", "one.test");
  const connector = receiveConnector(files);
  await certificates.load("receive", [connector]);
  const first = certificates.contextsFor(connector);
  told = [];
  await write("own", "a-longer-name.test");
  await lookAgain();
  const second = certificates.contextsFor(connector);
  expect([told, second === first]).toEqual([["TlsCertificateLoaded"], false]);
  told = [];
  await writeFile(files.tlsCertificateFile[0]!, "no certificate");
  await lookAgain();
  expect([told, certificates.contextsFor(connector) === second]).toEqual([["TlsCertificateProblem"], true]);
});

/** How ACME clients put a renewed pair in place, file by file; the relay may look between the two. */
const ways: readonly { readonly how: string; readonly put: (path: string, pem: string) => Promise<void> }[] =
  [
    { how: "written in place", put: (path, pem) => writeFile(path, pem) },
    {
      how: "renamed over",
      async put(path, pem) {
        await writeFile(`${path}.new`, pem);
        await rename(`${path}.new`, path);
      },
    },
    {
      how: "behind a link that is turned, as certbot's live/",
      async put(path, pem) {
        const target = join(directory, `archive-${randomUUID()}`);
        await writeFile(target, pem);
        await symlink(target, `${path}.new`);
        await rename(`${path}.new`, path);
      },
    },
  ];

test.each(
  ways.flatMap((way) => [
    { ...way, first: "key" as const, looksBetween: true },
    { ...way, first: "certificate" as const, looksBetween: true },
    { ...way, first: "key" as const, looksBetween: false },
  ]),
)(
  "a renewed pair $how, the $first first (a look between: $looksBetween), is presented; until then the old one",
  async ({ put, first, looksBetween }) => {
    const files = await write("own", "old.test");
    const connector = receiveConnector(files);
    await certificates.load("receive", [connector]);
    const before = certificates.pairFor(files);
    told = [];
    const renewed = await makeSelfSigned("renewed.test", clock.wall());
    const steps = [
      () => put(files.tlsKeyFile[0]!, renewed.key),
      () => put(files.tlsCertificateFile[0]!, renewed.certificate),
    ];
    if (first === "certificate") steps.reverse();
    await steps[0]!();
    if (looksBetween) {
      await lookAgain();
      // Told, for it may stay so; what is presented fits together.
      expect([told, certificates.pairFor(files)]).toEqual([["TlsCertificateProblem"], before]);
      told = [];
    }
    await steps[1]!();
    await lookAgain();
    expect(told).toEqual(["TlsCertificateLoaded"]);
    expect(certificates.inUse().map(({ subject }) => subject)).toEqual(["CN=renewed.test"]);
    expect(certificates.pairFor(files)?.key.toString()).toBe(renewed.key);
  },
);

test("without its file of CAs a connector goes on, asks no client for a certificate, and people are told", async () => {
  const ca = join(directory, "ca.pem");
  await writeFile(ca, (await makeSelfSigned("ca.test", clock.wall())).certificate);
  const connector = receiveConnector({ tlsClientCaFile: ca });
  await certificates.load("receive", [connector]);
  expect(certificates.contextsFor(connector)?.asksCertificate).toBe(true);
  await rm(ca);
  told.length = 0;
  const other = receiveConnector({ name: "Other", tlsClientCaFile: ca });
  await certificates.load("receive", [connector, other]);
  const contexts = certificates.contextsFor(other);
  expect([contexts !== undefined, contexts?.asksCertificate === true]).toEqual([true, false]);
  expect(told).toContain("TlsCertificateProblem");
});

test("without a usable certificate there is no context", async () => {
  const missing = receiveConnector({
    tlsCertificateFile: [join(directory, "none.pem")],
    tlsKeyFile: [join(directory, "none.key")],
  });
  await certificates.load("receive", [missing]);
  expect([certificates.contextsFor(missing), certificates.pairFor(missing)]).toEqual([undefined, undefined]);
  expect(told).toEqual(["TlsCertificateProblem"]);
  expect(certificates.inUse()).toEqual([]);
});

test("each user's certificates are its own; who follows hears of every load", async () => {
  const [own, other] = [await write("own", "one.test"), await write("other", "two.test")];
  let heard = 0;
  const leave = certificates.onLoaded(() => heard++);
  await certificates.load("receive", [own]);
  await certificates.load("console", [own, other]);
  expect(certificates.inUse().map(({ subject }) => subject)).toEqual(["CN=one.test", "CN=two.test"]);
  expect(certificates.inUse()[0]?.validTo).toBeGreaterThan(clock.wall().getTime());
  expect([heard, certificates.pairFor(other)?.cert]).toEqual([
    2,
    await readFile(other.tlsCertificateFile[0]!),
  ]);
  await certificates.load("console", []);
  leave();
  expect(certificates.inUse().map(({ file }) => file)).toEqual(own.tlsCertificateFile);
});
