import { TLSSocket } from "node:tls";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createFakeClock } from "../../../testing/fake-clock.ts";
import {
  startRecordingSink,
  type RecordingSink,
  type SinkSettings,
} from "../../../testing/recording-sink.ts";
import { startScriptedServer } from "../../../testing/scripted-server.ts";
import { testCertificate } from "../../../testing/test-certificate.ts";
import { smtpPeers } from "../../../testing/smtp-peers.ts";
import { testClaim } from "../../../testing/test-claim.ts";
import { brief } from "../../../testing/test-smtp-carrier.ts";
import { clearTextMs } from "./peer/peer.ts";
import type { TranscriptLine } from "./wire/transcript.ts";

const recorded = "delivered: 250 2.0.0 Ok: recorded";
/** Every handshake fails. */
const noCertificate = { key: "", cert: "" };
let tls: { key: string; cert: string };

beforeAll(async () => {
  tls = await testCertificate("mx.test");
});

const { open, carrierTo } = smtpPeers(afterEach);

async function sinkWith(settings: Partial<SinkSettings> = {}): Promise<RecordingSink> {
  const sink = await startRecordingSink({
    extensions: ["PIPELINING", "CHUNKING", "STARTTLS"],
    tls,
    ...settings,
  });
  open.push(sink);
  return sink;
}

describe("content is never a command at a peer that does not discard refused chunks", () => {
  const lines = "MAIL FROM:<boss@b.test>\r\nRCPT TO:<bank@b.test>\r\nDATA\r\nPay\r\n.\r\n";
  const content = `Subject: test\r\n\r\n${lines}`;

  /** Reads all that comes as lines but what follows a BDAT it takes; answers to verbs as told. */
  async function naive(replies: Readonly<Record<string, string>>): Promise<{ port: number; ran: string[] }> {
    const ran: string[] = [];
    const server = await startScriptedServer(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      for (;;) {
        const line = await peer.line();
        ran.push(line);
        const [verb = ""] = line.split(" ");
        peer.send(`${replies[verb] ?? "250 ok"}\r\n`);
        if (verb === "QUIT") return void peer.socket.end();
      }
    });
    open.push(server);
    return { port: server.port, ran };
  }

  it.each([
    [
      "MAIL",
      { MAIL: "530 5.7.0 Must issue a STARTTLS command first", RCPT: "503 Need MAIL", BDAT: "503 no" },
    ],
    ["RCPT", { RCPT: "550 5.1.1 No such user", BDAT: "503 no" }],
    ["BDAT, which a firewall hides from it", { BDAT: "500 5.5.1 XXXX" }],
  ])("that refuses %s", async (_, replies) => {
    const { port, ran } = await naive({ ...replies, DATA: "502 no" });
    const { carrier } = carrierTo(port);
    for (const pieceBytes of [undefined, 5])
      await carrier.carry(testClaim({ content, ...(pieceBytes !== undefined && { pieceBytes }) }));
    await carrier.close(1_000);
    expect(ran.some((line) => line.startsWith("MAIL"))).toBe(true);
    expect(ran.filter((line) => /boss|bank|Pay|Subject/.test(line))).toEqual([]);
  });

  it("a first chunk holds no line, and what follows waits for its answer", async () => {
    const chunks: string[] = [];
    const server = await startScriptedServer(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await peer.lines(2);
      peer.send("250 sender\r\n250 recipient\r\n");
      const first = await peer.line();
      chunks.push(first, (await peer.octets(Number(first.split(" ")[1]))).toString());
      await new Promise((resolve) => setImmediate(resolve));
      expect(peer.socket.readableLength).toBe(0);
      peer.send("250 a chunk\r\n");
      chunks.push((await peer.chunks()).toString());
      peer.send("250 taken\r\n");
    });
    open.push(server);
    const { carrier } = carrierTo(server.port);
    expect(brief(await carrier.carry(testClaim({ content })))).toEqual(["delivered: 250 taken"]);
    expect(chunks).toEqual(["BDAT 13", "Subject: test", content.slice(13)]);
  });
});

describe("TLS", () => {
  it("is used where offered, whatever the certificate, and EHLO is said again", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port);
    const content = "x".repeat(70_000);
    expect(brief(await carrier.carry(testClaim({ content })))).toEqual([recorded]);
    expect(brief(await carrier.carry(testClaim({ content, pieceBytes: 10_000 })))).toEqual([recorded]);
    expect(sink.messages.map((message) => [message.tls, message.content.toString() === content])).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(sink.commands.slice(0, 3)).toEqual(["EHLO relay.test", "STARTTLS", "EHLO relay.test"]);
    expect(sink.connections).toBe(1);
  });

  it("is not used with ignoreStartTls", async () => {
    const sink = await sinkWith();
    await carrierTo(sink.port, { connector: { ignoreStartTls: true } }).carrier.carry(testClaim());
    expect(sink.messages[0]?.tls).toBe(false);
  });

  it("that is refused leaves the mail in clear text", async () => {
    const sink = await sinkWith({
      behave: ({ at }) => (at === "STARTTLS" ? { reply: "454 4.7.0 Not now" } : undefined),
    });
    expect(brief(await carrierTo(sink.port).carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.connections).toBe(1);
  });

  it("whose handshake fails is left out on a new connection, and for a while", async () => {
    const clock = createFakeClock();
    const sink = await sinkWith({ tls: noCertificate });
    const { carrier } = carrierTo(sink.port, { clock, connector: { smtpMaxMessagesPerConnection: 1 } });
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.connections).toBe(3);
    await clock.advance(clearTextMs);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.commands.filter((line) => line === "STARTTLS")).toHaveLength(2);
  });

  it.each([
    ["not offered", { extensions: ["PIPELINING"] }],
    ["refused", { behave: ({ at }) => (at === "STARTTLS" ? { reply: "454 4.7.0 Not now" } : undefined) }],
    ["broken", { tls: noCertificate }],
  ] satisfies [string, Partial<SinkSettings>][])(
    "required and %s: the host is of no use",
    async (_, settings) => {
      const sink = await sinkWith(settings);
      const { carrier, told } = carrierTo(sink.port, { connector: { requireTls: true } });
      expect(await carrier.carry(testClaim())).toMatchObject({ kind: "unreachable", tlsRequired: true });
      expect(sink.commands.filter((line) => line.startsWith("MAIL"))).toEqual([]);
      expect(told).toMatchObject([
        {
          name: "SmtpSendTlsRequiredFailed",
          fields: { connector: "Out", domain: "b.test", host: "127.0.0.1" },
        },
      ]);
    },
  );

  it.each([
    ["CertificateValidation", undefined, false, false],
    ["CertificateValidation", undefined, true, true],
    ["DomainValidation", undefined, true, false],
    ["DomainValidation", "other.test", true, false],
    ["DomainValidation", "MX.test", true, true],
    ["DomainValidation", "mx.test", false, false],
  ] as const)("%s for %s, trusted: %s", async (tlsAuthLevel, tlsDomain, trusted, delivered) => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port, {
      connector: {
        requireTls: true,
        tlsAuthLevel,
        tlsDomain,
        ...(trusted ? { tlsCa: { tlsCaFile: "ca.pem", certificates: [tls.cert] } } : {}),
      },
    });
    const result = await carrier.carry(testClaim());
    expect(result.kind).toBe(delivered ? "attempted" : "unreachable");
    expect(sink.messages).toHaveLength(delivered ? 1 : 0);
  });

  it("is not begun with octets behind the answer to STARTTLS", async () => {
    const server = await startScriptedServer(async (peer) => {
      await peer.greet("STARTTLS");
      await peer.line();
      peer.send("220 go\r\n250-injected\r\n250 CHUNKING\r\n");
      await peer.whenClosed();
    });
    open.push(server);
    const { carrier } = carrierTo(server.port, { connector: { requireTls: true } });
    expect(await carrier.carry(testClaim())).toMatchObject({
      kind: "unreachable",
      verdict: { text: "the peer sent clear text behind its answer to STARTTLS" },
    });
  });

  it("older than 1.2 is refused", async () => {
    const scripted = await startScriptedServer(async (peer) => {
      await peer.greet("STARTTLS");
      await peer.line();
      peer.send("220 go\r\n");
      peer.socket.removeAllListeners("data");
      const secured = new TLSSocket(peer.socket, {
        isServer: true,
        ...tls,
        minVersion: "TLSv1",
        maxVersion: "TLSv1.1",
      });
      secured.on("error", () => peer.socket.destroy());
    });
    open.push(scripted);
    const { carrier } = carrierTo(scripted.port, { connector: { requireTls: true } });
    expect(await carrier.carry(testClaim())).toMatchObject({ kind: "unreachable", tlsRequired: true });
  });
});

describe("AUTH", () => {
  const credential = { userName: "app", password: "sécret" };
  const authenticating = {
    smartHostAuthMechanism: "BasicAuth",
    authenticationCredential: credential,
  } as const;

  async function smtpServer(methods: string[], taken: string[]): Promise<number> {
    const server = new SMTPServer({
      key: tls.key,
      cert: tls.cert,
      authMethods: methods,
      allowInsecureAuth: true,
      logger: false,
      onAuth: ({ username, password, method }, session, callback) => {
        taken.push(`${method} ${session.secure ? "secure" : "clear"}`);
        if (username === credential.userName && password === credential.password)
          callback(null, { user: username });
        else callback(new Error("no"));
      },
      onData: (stream, _session, callback) => {
        stream.resume();
        stream.on("end", () => callback());
      },
    });
    const listening = await new Promise<number>((resolve) => {
      const { server: inner } = server;
      server.listen(0, "127.0.0.1", () => {
        const address = inner.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    return listening;
  }

  it.each([
    [["PLAIN", "LOGIN"], "PLAIN"],
    [["LOGIN"], "LOGIN"],
  ])("%s offered: %s, with smtp-server, under TLS", async (methods, used) => {
    const taken: string[] = [];
    const lines: TranscriptLine[] = [];
    const { carrier } = carrierTo(await smtpServer(methods, taken), {
      connector: authenticating,
      more: { transcript: (line) => void lines.push(line) },
    });
    expect(await carrier.carry(testClaim())).toMatchObject({ outcomes: [{ kind: "delivered" }] });
    expect(taken).toEqual([`${used} secure`]);
    const log = lines.map(({ event, data }) => `${event} ${data}`);
    expect(log).toContain("> STARTTLS");
    expect(log.filter((line) => /^> (MAIL|RCPT|DATA)/.test(line))).toHaveLength(3);
    const secrets = [credential.password, Buffer.from(credential.password).toString("base64")];
    secrets.push(Buffer.from(`\0app\0${credential.password}`).toString("base64"));
    for (const secret of secrets) expect(log.join("\n")).not.toContain(secret);
    expect(log.filter((line) => line.includes("****")).length).toBeGreaterThan(0);
  });

  it("refused: the host is of no use, and why is told", async () => {
    const { carrier } = carrierTo(await smtpServer(["PLAIN"], []), {
      connector: { ...authenticating, authenticationCredential: { userName: "app", password: "wrong" } },
    });
    expect(await carrier.carry(testClaim())).toMatchObject({
      kind: "unreachable",
      verdict: { text: expect.stringMatching(/^authentication as app failed: 535/), fromPeer: true },
    });
  });

  it("not offered: mail is not sent without", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port, { connector: authenticating });
    expect(await carrier.carry(testClaim())).toMatchObject({
      kind: "unreachable",
      verdict: { status: "4.7.8" },
    });
    expect(sink.messages).toEqual([]);
  });

  it("with BasicAuthRequireTLS never goes in clear text", async () => {
    const sink = await sinkWith({ extensions: ["AUTH PLAIN LOGIN"] });
    const { carrier } = carrierTo(sink.port, {
      connector: { ...authenticating, smartHostAuthMechanism: "BasicAuthRequireTLS" },
    });
    expect(await carrier.carry(testClaim())).toMatchObject({ kind: "unreachable", tlsRequired: true });
    expect(sink.commands).toEqual(["EHLO relay.test"]);
  });
});
