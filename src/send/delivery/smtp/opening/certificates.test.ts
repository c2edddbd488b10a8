/** Implicit TLS, certificates of the connector's own, and the address it comes from. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { ByteReader } from "../../../../testing/byte-reader.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testCertificate } from "../../../../testing/test-certificate.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";

let server: { key: string; cert: string };
let client: { key: string; cert: string };
beforeAll(async () => {
  server = await testCertificate("mx.test");
  client = await testCertificate("relay.test");
});

const { open, carrierTo } = smtpPeers(afterEach);

interface Seen {
  readonly port: number;
  /** Of the client's certificate; empty: it showed none. */
  readonly subjects: string[];
  readonly addresses: string[];
  messages: number;
}

/** TLS from the first octet, or by STARTTLS; takes everything. */
async function tlsServer(implicit: boolean): Promise<Seen> {
  const seen: Seen = { port: 0, subjects: [], addresses: [], messages: 0 };
  const listener: Server = createServer((socket) => {
    socket.on("error", () => {});
    seen.addresses.push(socket.remoteAddress ?? "");
    void (async () => {
      let stream: TLSSocket | typeof socket = socket;
      const secure = async (): Promise<void> => {
        socket.removeAllListeners("data");
        const secured = new TLSSocket(socket, {
          isServer: true,
          ...server,
          requestCert: true,
          rejectUnauthorized: false,
        });
        secured.on("error", () => socket.destroy());
        await once(secured, "secure");
        seen.subjects.push(String(secured.getPeerCertificate().subject?.CN ?? ""));
        stream = secured;
      };
      if (implicit) await secure();
      let reader = new ByteReader(stream);
      stream.write("220 mx.test\r\n");
      for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
        const verb = line.toString().slice(0, 4).toUpperCase();
        if (verb === "EHLO")
          stream.write(`250-mx.test\r\n250 ${stream === socket ? "STARTTLS" : "8BITMIME"}\r\n`);
        else if (verb === "STAR") {
          stream.write("220 go\r\n");
          await secure();
          reader = new ByteReader(stream);
        } else if (verb === "DATA") {
          stream.write("354 go\r\n");
          await reader.content();
          seen.messages++;
          stream.write("250 taken\r\n");
        } else stream.write("250 ok\r\n");
      }
    })().catch(() => socket.destroy());
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  open.push({
    close: async () => {
      const closed = once(listener, "close");
      listener.close();
      await closed;
    },
  });
  return Object.assign(seen, { port: (listener.address() as AddressInfo).port });
}

const carry = async (port: number, connector: Partial<SmtpSendConnector>): Promise<string | string[]> =>
  brief(await carrierTo(port, { connector }).carrier.carry(testClaim()));

const tlsClient = (): SmtpSendConnector["tlsClient"] => ({
  tlsCertificateFile: "relay.pem",
  tlsKeyFile: "relay.key",
  certificate: client.cert,
  privateKey: client.key,
  expiresAt: 0,
});
const trusting = (pem: string): Partial<SmtpSendConnector> => ({
  tlsCa: { tlsCaFile: "ca.pem", certificates: [pem] },
});

describe.each([true, false])("implicit TLS: %s", (implicitTls) => {
  it("shows the certificate of the connector, or none", async () => {
    const seen = await tlsServer(implicitTls);
    expect(await carry(seen.port, { implicitTls, requireTls: true })).toEqual(["delivered: 250 taken"]);
    expect(await carry(seen.port, { implicitTls, requireTls: true, tlsClient: tlsClient() })).toEqual([
      "delivered: 250 taken",
    ]);
    expect(seen.subjects).toEqual(["", "relay.test"]);
  });

  test.each([
    ["CertificateValidation", "own", true],
    ["CertificateValidation", "another", false],
    ["CertificateValidation", "the system's", false],
    ["DomainValidation", "own", true],
    ["EncryptionOnly", "the system's", true],
  ] as const)("%s with %s CA: %s", async (tlsAuthLevel, ca, delivered) => {
    const seen = await tlsServer(implicitTls);
    const result = await carry(seen.port, {
      implicitTls,
      requireTls: true,
      tlsAuthLevel,
      tlsDomain: "mx.test",
      ...(ca === "the system's" ? {} : trusting(ca === "own" ? server.cert : client.cert)),
    });
    expect(result).toEqual(delivered ? ["delivered: 250 taken"] : "unreachable");
    expect(seen.messages).toBe(delivered ? 1 : 0);
  });

  it("DomainValidation wants the name of tlsDomain", async () => {
    const seen = await tlsServer(implicitTls);
    const connector = { implicitTls, requireTls: true, tlsAuthLevel: "DomainValidation" } as const;
    const named = { ...connector, tlsDomain: "other.test", ...trusting(server.cert) };
    expect(await carry(seen.port, named)).toBe("unreachable");
    expect(seen.messages).toBe(0);
  });
});

it("says nothing in clear text to a host that begins so, and gives up a host that says nothing", async () => {
  const seen = await tlsServer(false);
  const { carrier, told } = carrierTo(seen.port, { connector: { implicitTls: true, requireTls: true } });
  expect(await carrier.carry(testClaim())).toMatchObject({ kind: "unreachable", tlsRequired: true });
  expect(seen.messages).toBe(0);
  expect(told.map(({ name }) => name)).toEqual(["SmtpSendTlsRequiredFailed"]);
});

it("comes from sourceIpAddress, and from no other", async () => {
  const seen = await tlsServer(false);
  expect(await carry(seen.port, { sourceIpAddress: "127.0.0.9" })).toEqual(["delivered: 250 taken"]);
  expect(seen.addresses).toEqual(["127.0.0.9"]);
  const result = await carrierTo(seen.port, { connector: { sourceIpAddress: "::1" } }).carrier.carry(
    testClaim(),
  );
  expect(JSON.stringify(result)).toContain("has no address of the family of sourceIpAddress ::1");
  expect(await carry(seen.port, { sourceIpAddress: "192.0.2.1" })).toBe("unreachable");
});
