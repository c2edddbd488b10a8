/** AUTH EXTERNAL: certificates of an own CA, made by openssl. */
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCertificateName } from "../../src/core/authentication/certificate-name.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!hasOpenssl)("AUTH EXTERNAL", () => {
  let folder: string;
  let relay: TemporaryRelay;

  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const make = (name: string, subject: string, ca: string): void => {
    openssl(
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      subject,
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${ca}.pem`,
      "-CAkey",
      `${ca}.key`,
      "-CAcreateserial",
      "-days",
      "2",
      "-out",
      `${name}.pem`,
    );
  };
  const makeCa = (name: string): void =>
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
    );
  const named = (text: string) => {
    const name = parseCertificateName(text);
    if (!name.ok) throw new Error(name.message);
    return name.value;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-certificates-"));
    makeCa("ca");
    makeCa("other-ca");
    make("printer", "/O=Contoso/CN=printer-7", "ca");
    make("erp", "/O=Contoso/CN=erp", "ca");
    make("stranger", "/O=Contoso/CN=stranger", "ca");
    make("forged", "/O=Contoso/CN=printer-7", "other-ca");
    const { fingerprint256 } = new X509Certificate(await readFile(join(folder, "erp.pem")));
    relay = await startTemporaryRelay({
      receiveConnectors: [
        receiveConnector({
          name: "Certificates",
          authMechanism: ["Tls", "ClientCertificate"],
          permissionGroups: ["ExchangeUsers"],
          tlsClientCaFile: join(folder, "ca.pem"),
          authTarpitInterval: 0,
        }),
        receiveConnector({ name: "Plain", authMechanism: ["Tls"] }),
      ],
      users: [{ name: "printer@contoso.com", certificates: [named("CN=printer-7,O=Contoso")] }],
      applications: [
        { name: "ERP", addresses: [], users: ["ERP"], certificates: [named(`sha256:${fingerprint256}`)] },
      ],
    });
  });
  afterAll(async () => {
    await relay.stop();
    await rm(folder, { recursive: true });
  });

  async function connect(
    certificate: string | undefined,
    connector = "Certificates",
  ): Promise<{ client: ScriptedClient; offers: string }> {
    const client = await connectScriptedClient({ port: relay.portOf(connector) });
    await client.expect(220);
    await client.command("EHLO c.example");
    await client.command("STARTTLS");
    await client.upgrade({
      rejectUnauthorized: false,
      ...(certificate === undefined
        ? {}
        : {
            cert: await readFile(join(folder, `${certificate}.pem`)),
            key: await readFile(join(folder, `${certificate}.key`)),
          }),
    });
    const { lines } = await client.command("EHLO c.example");
    return { client, offers: lines.find((line) => line.startsWith("AUTH")) ?? "" };
  }
  const identity = (text: string): string => Buffer.from(text).toString("base64");

  test.each<[string, string, string, string]>([
    ["a subject, without an identity", "printer", "=", "235"],
    ["a subject, with its own identity", "printer", identity("Printer@contoso.com"), "235"],
    ["a subject, as another", "printer", identity("ERP"), "535"],
    ["a fingerprint of an application", "erp", "=", "235"],
    ["nobody's", "stranger", "=", "535"],
    ["not Base64", "printer", "?", "501"],
  ])("%s", async (_name, certificate, response, expected) => {
    const { client, offers } = await connect(certificate);
    expect(offers).toBe("AUTH EXTERNAL");
    expect((await client.command(`AUTH EXTERNAL ${response}`)).last).toContain(`${expected} `);
    client.close();
  });

  test("in two steps, then mail under its name", async () => {
    const { client } = await connect("printer");
    expect((await client.command("AUTH EXTERNAL")).code).toBe(334);
    expect((await client.command("")).code).toBe(235);
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
    expect(relay.relay.connections().map(({ user }) => user)).toContain("printer@contoso.com");
    client.close();
  });

  test.each([["forged"], [undefined]])("%s: it is not offered, and not taken", async (certificate) => {
    const { client, offers } = await connect(certificate);
    expect(offers).toBe("");
    expect((await client.command("AUTH EXTERNAL =")).code).toBe(535);
    client.close();
  });

  test("a connector without tlsClientCaFile asks for no certificate", async () => {
    const { client, offers } = await connect("printer", "Plain");
    expect(offers).toBe("");
    expect((await client.command("AUTH EXTERNAL =")).code).toBe(502);
    client.close();
  });

  /** Ends its handshake as a device does that comes back to a session; resolves with what may be come back to. */
  async function resumes(
    certificate: string | undefined,
    maxVersion: "TLSv1.2" | "TLSv1.3",
    session?: Buffer,
    connector = "Certificates",
  ): Promise<{ isReused: boolean; reply: string; session: Buffer | undefined }> {
    const plain = connectPlain(relay.portOf(connector), "127.0.0.1");
    let said = "";
    const until = async (from: typeof plain | TLSSocket, code: string): Promise<string> => {
      while (!new RegExp(`^${code} .*\r\n$`, "m").test(said)) {
        const [octets] = (await once(from, "data")) as [Buffer];
        said += octets.toString();
      }
      const reply = said;
      said = "";
      return reply;
    };
    await until(plain, "220");
    plain.write("EHLO c.example\r\n");
    await until(plain, "250");
    plain.write("STARTTLS\r\n");
    await until(plain, "220");
    const secure = connectTls({
      socket: plain,
      rejectUnauthorized: false,
      maxVersion,
      ...(session === undefined ? {} : { session }),
      ...(certificate === undefined
        ? {}
        : {
            cert: await readFile(join(folder, `${certificate}.pem`)),
            key: await readFile(join(folder, `${certificate}.key`)),
          }),
    });
    let kept: Buffer | undefined;
    secure.on("session", (one: Buffer) => (kept = one));
    await once(secure, "secureConnect");
    secure.write("EHLO c.example\r\n");
    await until(secure, "250");
    secure.write("AUTH EXTERNAL =\r\n");
    const reply = await until(secure, "\\d{3}");
    const isReused = secure.isSessionReused();
    secure.destroy();
    return { isReused, reply, session: kept };
  }

  test.each(["TLSv1.2", "TLSv1.3"] as const)("a client comes back to its session, %s", async (version) => {
    const first = await resumes("printer", version);
    expect(first).toMatchObject({ isReused: false, reply: expect.stringMatching(/^235/) });
    const again = await resumes("printer", version, first.session);
    expect(again).toMatchObject({ isReused: true, reply: expect.stringMatching(/^235/) });
    // What the session proved, and not what another client shows beside it.
    const asOther = await resumes("erp", version, first.session);
    expect(asOther).toMatchObject({ isReused: true, reply: expect.stringMatching(/^235/) });
    // A session that proved nothing proves nothing later.
    const forged = await resumes("forged", version);
    expect(await resumes("forged", version, forged.session)).toMatchObject({
      isReused: true,
      reply: expect.stringMatching(/^535/),
    });
    // Sessions of a connector that asks for no certificate mean nothing to one that does.
    const elsewhere = await resumes("printer", version, undefined, "Plain");
    expect(await resumes(undefined, version, elsewhere.session)).toMatchObject({
      isReused: false,
      reply: expect.stringMatching(/^535/),
    });
  });

  test("without TLS it is no mechanism yet", async () => {
    const client = await connectScriptedClient({ port: relay.portOf("Certificates") });
    await client.expect(220);
    await client.command("EHLO c.example");
    expect((await client.command("AUTH EXTERNAL =")).code).toBe(538);
    client.close();
  });
});
