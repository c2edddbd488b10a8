/** TLS from the first octet, certificates by name and kind of key, old versions by setting: openssl as the client. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions, type PeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { ipRange } from "../../src/core/units/ip-range.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { issueCertificate } from "../../src/testing/issued-certificate.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

let directory: string;
let relay: TemporaryRelay;
// Certificates are made now, and one that begins later would wait.
const clock = createFakeClock(Date.now());

/** Both ways in on one connector. */
async function twoWays(given: Partial<ReceiveConnectorSettings>): Promise<ReceiveConnectorSettings> {
  const [plain, implicit] = [await freePort(), await freePort()].map((port) => ({
    address: "127.0.0.1",
    port,
  }));
  return receiveConnector({ ...given, bindings: [plain!, implicit!], implicitTlsBindings: [implicit!] });
}

const implicitPort = (name: string): number => {
  const port = relay.settings.receiveConnectors.find((one) => one.name === name)?.implicitTlsBindings[0]
    ?.port;
  if (port === undefined) throw new Error(`no implicit binding of ${name}`);
  return port;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-certificates-"));
  const certificates = [
    await issueCertificate(directory, "relay-ec", ["relay.test"]),
    await issueCertificate(directory, "relay-rsa", ["relay.test"], "rsa"),
    await issueCertificate(directory, "wild", ["*.apps.test"]),
    await issueCertificate(directory, "two", ["one.test", "two.test"]),
  ];
  relay = await startTemporaryRelay({
    ports: { clock },
    receiveConnectors: [
      await twoWays({
        name: "Names",
        tlsCertificateFile: certificates.map((one) => one.tlsCertificateFile),
        tlsKeyFile: certificates.map((one) => one.tlsKeyFile),
      }),
      await twoWays({ name: "Old", tlsMinVersion: "TLSv1" }),
      await twoWays({ name: "Newest", tlsMinVersion: "TLSv1.3" }),
      await twoWays({ name: "One suite", tlsCipherString: "ECDHE-RSA-AES256-GCM-SHA384" }),
      await twoWays({ name: "Full", maxInboundConnection: 1 }),
      await twoWays({ name: "Elsewhere", remoteIpRanges: [ipRange("192.0.2.1")] }),
    ],
  });
});
afterAll(async () => {
  await relay.stop();
  await rm(directory, { recursive: true });
});

/** What `openssl s_client` tells of the handshake, and what the server said behind it. */
function openssl(port: number, ...options: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const client = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-crlf", ...options]);
    let told = "";
    const timer = setTimeout(() => client.kill(), 30_000);
    const hear = (octets: Buffer): void => {
      told += octets.toString();
      if (/^220 /m.test(told) || /^250 /m.test(told)) client.stdin.end("EHLO client.test\nQUIT\n");
    };
    client.stdout.on("data", hear);
    client.stderr.on("data", hear);
    client.stdin.on("error", () => undefined);
    client.on("close", () => {
      clearTimeout(timer);
      resolve(told);
    });
  });
}

async function presented(options: ConnectionOptions): Promise<PeerCertificate> {
  const port = implicitPort("Names");
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

const startTls = ["-starttls", "smtp", "-name", "client.test"];

describe("TLS from the first octet", () => {
  test("greets behind the handshake, and offers no STARTTLS", async () => {
    const client = await connectScriptedClient({ port: implicitPort("Names") });
    await client.upgrade({ servername: "relay.test" });
    await client.expect(220);
    expect((await client.command("EHLO c.example")).lines).not.toContain("STARTTLS");
    for (const line of ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"])
      await client.command(line);
    client.send("a: b\r\n\r\nc\r\n.\r\n");
    await client.expect("250 2.6.0");
    await client.command("QUIT");
    await client.closed();
  });

  test("the same connector's other port speaks clear text first", async () => {
    const client = await connectScriptedClient({ port: relay.portOf("Names") });
    await client.expect(220);
    expect((await client.command("EHLO c.example")).lines).toContain("STARTTLS");
    client.close();
  });

  test("clear text there ends the connection and is told", async () => {
    const client = await connectScriptedClient({ port: implicitPort("Names") });
    client.send("EHLO in.clear\r\n");
    await client.closed();
    await expect.poll(() => relay.events.at(-1)?.name).toBe("TlsHandshakeFailed");
  });

  test("a client that leaves in the handshake, or says nothing, leaves no session behind", async () => {
    for (let i = 0; i < 3; i++) {
      const client = await connectScriptedClient({ port: implicitPort("Names") });
      client.reset();
    }
    const silent = await connectScriptedClient({ port: implicitPort("Names") });
    await expect.poll(() => relay.relay.sessions).toBe(1);
    await clock.advance(301_000);
    await silent.closed();
    await expect.poll(() => relay.relay.sessions).toBe(0);
  });

  test("who is refused at the door hears it under TLS", async () => {
    const first = await connectScriptedClient({ port: implicitPort("Full") });
    await first.upgrade();
    await first.expect(220);
    const second = await connectScriptedClient({ port: implicitPort("Full") });
    await second.upgrade();
    await second.expect("421 4.3.2");
    first.close();
    const stranger = await connectScriptedClient({ port: implicitPort("Elsewhere") });
    await stranger.upgrade();
    await stranger.expect("421 4.3.2");
    await stranger.closed();
  });
});

describe("certificates by name", () => {
  test.each([
    ["the connector's own name", "relay.test", "relay.test"],
    ["a wildcard", "mail.apps.test", "*.apps.test"],
    ["no wildcard for two labels", "a.mail.apps.test", "relay.test"],
    ["a second name", "two.test", "one.test"],
    ["in capitals", "TWO.Test", "one.test"],
    ["an unknown name", "unknown.test", "relay.test"],
    ["an absurd name", "..\u0001*/é", "relay.test"],
    ["a long one", "x".repeat(250), "relay.test"],
    ["none", "", "relay.test"],
  ])("%s", async (_what, servername, subject) => {
    expect((await presented({ servername })).subject.CN).toBe(subject);
  });

  test.each([
    ["ECDSA", "ECDHE-ECDSA-AES128-GCM-SHA256", 256],
    ["RSA", "ECDHE-RSA-AES128-GCM-SHA256", 2048],
  ])("with a key of %s for who knows no other", async (_kind, ciphers, bits) => {
    expect(await presented({ servername: "relay.test", ciphers, maxVersion: "TLSv1.2" })).toMatchObject({
      bits,
      subject: { CN: "relay.test" },
    });
  });

  test("files that change are presented within ten seconds, the old ones while half of a pair is there", async () => {
    const fingerprint = async (): Promise<string> =>
      (await presented({ servername: "two.test" })).fingerprint256;
    const before = await fingerprint();
    const next = await issueCertificate(directory, "next", ["one.test", "two.test"]);
    await rename(next.tlsCertificateFile, join(directory, "two.pem"));
    await clock.advance(10_000);
    await expect
      .poll(() => relay.events.filter(({ name }) => name === "TlsCertificateProblem").at(-1)?.fields["error"])
      .toContain("is not the certificate's");
    expect(await fingerprint()).toBe(before);
    await rename(next.tlsKeyFile, join(directory, "two.key"));
    await clock.advance(10_000);
    await expect.poll(fingerprint).not.toBe(before);
    await writeFile(join(directory, "two.pem"), "");
    await clock.advance(10_000);
    expect(await fingerprint()).not.toBe(before);
  });
});

describe("versions and suites", () => {
  const old = ["-cipher", "DEFAULT@SECLEVEL=0"];
  test.each([
    ["1.0 where it is let in", "Old", ["-tls1", ...old], /Protocol {2}: TLSv1$/m],
    ["1.1 where it is let in", "Old", ["-tls1_1", ...old], /Protocol {2}: TLSv1\.1$/m],
    [
      "1.0 with RSA key exchange, as before ECDHE",
      "Old",
      ["-tls1", "-cipher", "AES128-SHA@SECLEVEL=0"],
      /Cipher {4}: AES128-SHA$/m,
    ],
    ["1.3 there too", "Old", ["-tls1_3"], /TLSv1\.3/],
    ["1.0 elsewhere", "Names", ["-tls1", ...old], /alert protocol version|tlsv1 alert/],
    ["1.2 where 1.3 is the least", "Newest", ["-tls1_2"], /alert protocol version/],
    ["a suite that the connector names", "One suite", ["-tls1_2"], /ECDHE-RSA-AES256-GCM-SHA384/],
    [
      "another suite there",
      "One suite",
      ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
      /handshake failure/,
    ],
  ] as const)("%s", async (_what, name, options, told) => {
    expect(await openssl(relay.portOf(name), ...startTls, ...options)).toMatch(told);
  });
});

test("who speaks an old version, or would have to, is listed", async () => {
  const clients = () =>
    relay.relay
      .legacyTlsClients()
      .map(({ connector, version, helloName, connections }) => [connector, version, helloName, connections]);
  await expect.poll(clients).toContainEqual(["Old", "TLSv1.1", "client.test", 1]);
  expect(clients()).toContainEqual(["Old", "TLSv1", "client.test", 1]);
  expect(clients()).toContainEqual(["Names", undefined, "", 1]);
  expect(clients().some(([, version]) => version === "TLSv1.3")).toBe(false);
});

test("a load balancer's header comes before TLS", async () => {
  await relay.relay.reconfigure({ ...relay.settings, proxyProtocolFrom: [ipRange("127.0.0.1")] });
  const socket = createConnection({ port: implicitPort("Names"), host: "127.0.0.1" });
  socket.write("PROXY TCP4 127.0.0.9 127.0.0.1 40000 465\r\n");
  const secure = connectTls({ socket, servername: "relay.test", rejectUnauthorized: false });
  const greeting = await new Promise<Buffer>((resolve, reject) => {
    secure.once("data", resolve);
    secure.once("error", reject);
  });
  expect(greeting.toString()).toMatch(/^220 /);
  expect(relay.relay.connections().map(({ address }) => address)).toContain("127.0.0.9");
  secure.destroy();
  await relay.relay.reconfigure(relay.settings);
});
