/** TLS that fails and is not required: the mail goes in clear text, it is remembered, and told. */
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ByteReader } from "../../../../testing/byte-reader.ts";
import { createFakeClock, type FakeClock } from "../../../../testing/fake-clock.ts";
import {
  startScriptedServer,
  type ScriptedPeer,
  type ScriptedServer,
} from "../../../../testing/scripted-server.ts";
import { testCertificate } from "../../../../testing/test-certificate.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief, testSmtpCarrier } from "../../../../testing/test-smtp-carrier.ts";
import { clearTextMs } from "../peer/peer.ts";
import { timeouts } from "../wire/timeouts.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("mx.test");
});

const { open } = smtpPeers(afterEach);

type Broken = (peer: ScriptedPeer) => Promise<void> | void;

/** After 220 to STARTTLS: the server's side of TLS, `answers` of them, and then `end`. */
const within =
  (answers: readonly string[], end: (secured: TLSSocket) => void, options: object = {}): Broken =>
  async (peer) => {
    peer.send("220 go\r\n");
    peer.socket.removeAllListeners("data");
    const secured = new TLSSocket(peer.socket, { isServer: true, ...tls, ...options });
    secured.on("error", () => peer.socket.destroy());
    const reader = new ByteReader(secured);
    for (const answer of answers) {
      if ((await reader.line()) === undefined) return;
      secured.write(answer);
    }
    if ((await reader.line()) === undefined) return;
    end(secured);
  };

/** Connections of which the peer hears, and says nothing any more. */
let unanswered = 0;
const sayNothing = (socket: Duplex): void => {
  unanswered++;
  socket.once("close", () => unanswered--);
};
/** Time passes only while nothing is said, lest it be over for what comes behind it as well. */
async function until(over: Promise<unknown>, clock: FakeClock, hangsMs = 0): Promise<void> {
  let isOver = false;
  void over.then(() => (isOver = true));
  await vi.waitUntil(
    async () => {
      if (unanswered > 0) await clock.advance(hangsMs);
      return isOver;
    },
    { timeout: 30_000, interval: 5 },
  );
}

const ehlo = "250-mx.test\r\n250 PIPELINING\r\n";
const cases: [string, Broken, hangsMs?: number][] = [
  ["closes at STARTTLS", (peer) => void peer.socket.destroy()],
  ["never answers STARTTLS", ({ socket }) => sayNothing(socket), timeouts.startTlsMs],
  ["answers STARTTLS with nonsense", (peer) => peer.send("what?\r\n")],
  ["says 421 to STARTTLS", (peer) => peer.send("421 4.7.0 TLS is broken\r\n")],
  [
    "closes in the handshake",
    (peer) => {
      peer.send("220 go\r\n");
      peer.socket.end();
    },
  ],
  [
    "hangs in the handshake",
    (peer) => {
      peer.send("220 go\r\n");
      sayNothing(peer.socket);
    },
    timeouts.tlsHandshakeMs,
  ],
  ["does not speak TLS", (peer) => peer.send("220 go\r\n" + "x".repeat(100))],
  ["demands a client certificate", within([], () => {}, { requestCert: true, rejectUnauthorized: true })],
  ["closes at EHLO within TLS", within([], (secured) => secured.destroy())],
  [
    "refuses EHLO and HELO within TLS",
    within(["554 5.7.1 Show a certificate\r\n"], (secured) => secured.write("554 5.7.1 No\r\n")),
  ],
  ["never answers EHLO within TLS", within([], sayNothing), timeouts.mailMs],
  ["closes at MAIL within TLS", within([ehlo], (secured) => secured.destroy())],
  ["never answers MAIL within TLS", within([ehlo], sayNothing), timeouts.mailMs],
  [
    "wants a certificate at MAIL",
    within([ehlo], (secured) => {
      secured.write("554 5.7.0 Client certificate required\r\n250 a\r\n");
      secured.write("503 5.5.1 no\r\n");
    }),
  ],
];

/** Broken TLS, and all well in clear text. */
async function brokenServer(broken: Broken): Promise<{ server: ScriptedServer; taken: () => number }> {
  let count = 0;
  const server = await startScriptedServer(async (peer) => {
    await peer.greet("PIPELINING", "STARTTLS");
    for (;;) {
      const line = await peer.line();
      if (line === "STARTTLS") return await broken(peer);
      await peer.lines(2);
      peer.send("250 a\r\n250 b\r\n354 c\r\n");
      await peer.content();
      count++;
      peer.send("250 taken\r\n");
    }
  });
  open.push(server);
  return { server, taken: () => count };
}

describe.each(cases)("a peer that %s", (_, broken, hangsMs) => {
  it("gets the mail in clear text, for a while, and it is told", async () => {
    const clock = createFakeClock();
    const { server, taken } = await brokenServer(broken);
    const { carrier, told } = testSmtpCarrier(server.port, {
      clock,
      connector: { smtpMaxMessagesPerConnection: 1 },
    });
    open.push({ close: () => carrier.close(0) });
    const first = carrier.carry(testClaim());
    await until(first, clock, hangsMs);
    expect(brief(await first)).toEqual(["delivered: 250 taken"]);
    expect(told).toMatchObject([
      { name: "OpportunisticTlsFailed", fields: { connector: "Out", host: "127.0.0.1", minutes: 10 } },
    ]);
    expect(String(told[0]?.fields["error"])).not.toMatch(/error:|SSL routines|ERR_|ECONN/);
    const before = server.connections;
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect(server.connections).toBe(before + 1);
    expect(taken()).toBe(2);
  });

  it("gets nothing where TLS is required", async () => {
    const clock = createFakeClock();
    const { server, taken } = await brokenServer(broken);
    const { carrier, told } = testSmtpCarrier(server.port, { clock, connector: { requireTls: true } });
    open.push({ close: () => carrier.close(0) });
    const result = carrier.carry(testClaim());
    await until(result, clock, hangsMs);
    expect(JSON.stringify(brief(await result))).not.toContain("delivered");
    expect(taken()).toBe(0);
    expect(told.map(({ name }) => name)).not.toContain("OpportunisticTlsFailed");
  });
});

it("is tried again when the time is over", async () => {
  const clock = createFakeClock();
  const { server } = await brokenServer((peer) => void peer.socket.destroy());
  const { carrier, told } = testSmtpCarrier(server.port, {
    clock,
    connector: { smtpMaxMessagesPerConnection: 1 },
  });
  open.push({ close: () => carrier.close(0) });
  await carrier.carry(testClaim());
  await clock.advance(clearTextMs);
  await carrier.carry(testClaim());
  expect(told).toHaveLength(2);
  expect(server.connections).toBe(4);
});

it("that a peer demands and spoils is tried again later: nobody gets the message back", async () => {
  let tried = 0;
  const server = await startScriptedServer(async (peer) => {
    await peer.greet("PIPELINING", "STARTTLS");
    const first = await peer.line();
    if (first === "STARTTLS") {
      tried++;
      // As Postfix does with smtpd_tls_req_ccert.
      return await within(["421 4.7.1 Client certificate required\r\n"], () => {})(peer);
    }
    await peer.lines(2);
    peer.send("530 5.7.0 Must issue a STARTTLS command first\r\n".repeat(3));
  });
  open.push(server);
  const { carrier, told } = testSmtpCarrier(server.port);
  open.push({ close: () => carrier.close(0) });
  for (let round = 1; round <= 2; round++) {
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: 530 5\.7\.0 Must issue/),
    ]);
    expect(tried).toBe(round);
  }
  expect(told.map(({ name }) => name)).toEqual(["OpportunisticTlsFailed", "OpportunisticTlsFailed"]);
});

it("is not blamed where clear text is lost in the same way", async () => {
  let tried = 0;
  const server = await startScriptedServer(async (peer) => {
    await peer.greet("PIPELINING", "STARTTLS");
    if ((await peer.line()) !== "STARTTLS") return void peer.socket.destroy();
    tried++;
    await within([ehlo], (secured) => secured.destroy())(peer);
  });
  open.push(server);
  const { carrier, told } = testSmtpCarrier(server.port);
  open.push({ close: () => carrier.close(0) });
  for (let round = 0; round < 2; round++)
    expect(brief(await carrier.carry(testClaim()))).toEqual([expect.stringMatching(/^transient: /)]);
  expect(tried).toBe(4);
  expect(told).toEqual([]);
});

it.each([
  [
    "refuses clear text, for reasons of its own, is not tried with TLS for a while",
    "554 5.3.2 Not now\r\n",
    1,
  ],
  ["fails in clear text as well is tried with TLS again", "", 2],
])("a peer that %s", async (_, greeting, tried) => {
  let attempts = 0;
  const server = await startScriptedServer(async (peer) => {
    if (peer.connection === 2) {
      if (greeting !== "") peer.send(greeting);
      return void peer.socket.end();
    }
    await peer.greet("PIPELINING", "STARTTLS");
    for (;;) {
      if ((await peer.line()) === "STARTTLS") {
        attempts++;
        return void peer.socket.destroy();
      }
      await peer.lines(2);
      peer.send("250 a\r\n250 b\r\n354 c\r\n");
      await peer.content();
      peer.send("250 taken\r\n");
    }
  });
  open.push(server);
  const clock = createFakeClock();
  const { carrier } = testSmtpCarrier(server.port, { clock });
  open.push({ close: () => carrier.close(0) });
  expect(JSON.stringify(brief(await carrier.carry(testClaim())))).not.toContain("delivered");
  await clock.advance(60_000);
  expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
  expect(attempts).toBe(tried);
});

describe("reports of TLS are told", () => {
  const attempt = async (broken: Broken, greeting = "220 mx.test\r\n"): Promise<unknown> => {
    const server = await startScriptedServer(async (peer) => {
      peer.send(greeting);
      await peer.line();
      peer.send("250-mx.test\r\n250 STARTTLS\r\n");
      if ((await peer.line()) === "STARTTLS") await broken(peer);
    });
    open.push(server);
    const outcomes: unknown[] = [];
    const { carrier } = testSmtpCarrier(server.port, {
      connector: { requireTls: true },
      more: {
        onTls: ({ isSecured, outcomes: each }) =>
          void outcomes.push([isSecured, each.map(({ fault }) => fault)]),
      },
    });
    open.push({ close: () => carrier.close(0) });
    await carrier.carry(testClaim());
    return outcomes;
  };

  it.each([
    ["of STARTTLS that is refused", "220 mx.test\r\n", [[false, ["starttls-not-supported"]]]],
    ["of nothing that fails before", "554 5.7.1 go away\r\n", []],
  ])("%s", async (_, greeting, outcomes) => {
    expect(await attempt((peer) => peer.send("454 4.7.0 not now\r\n"), greeting)).toEqual(outcomes);
  });
});
