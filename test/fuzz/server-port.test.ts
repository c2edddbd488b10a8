/**
 * Broken conversations against the server's port, for a few seconds: nothing crashes, every reply is well-formed,
 * every session ends, and the relay serves the next client. WEIR_FUZZ_SECONDS makes it longer, WEIR_TEST_SEED repeats it.
 */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replyFault } from "../../src/testing/scripted-client.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { seededRandom } from "../faults/random.ts";
import { mutate, pieces } from "./mutate.ts";

const seconds = Number(process.env["WEIR_FUZZ_SECONDS"] ?? 2.5);
const firstSeed = Number(process.env["WEIR_TEST_SEED"] ?? Date.now() % 1_000_000);

let relay: TemporaryRelay;
let sink: RecordingSink;
beforeAll(async () => {
  sink = await startRecordingSink({ keepContent: false });
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ name: "Usual", maxMessageSize: 100_000 }),
      receiveConnector({
        name: "Patient",
        maxProtocolErrors: Infinity,
        maxMessageSize: 100_000,
        maxHeaderSize: 10_000,
        authMechanism: ["Tls", "BasicAuth"],
        permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
      }),
      receiveConnector({
        name: "Strict",
        bareLinefeedRejectionEnabled: true,
        bareCarriageReturnRejectionEnabled: true,
        maxRecipientsPerMessage: 2,
      }),
    ],
    sendConnectors: [smartHostConnector(sink.port)],
  });
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

const seeds: readonly Buffer[] = [
  "EHLO c.example\r\nMAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<c@d.example> NOTIFY=FAILURE ORCPT=rfc822;c@d.example\r\nDATA\r\nSubject: x\r\n\r\n..body\r\n.\r\nQUIT\r\n",
  "EHLO c\r\nMAIL FROM:<> SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\nRCPT TO:<\xe4\xbd\xa0@d.example>\r\nBDAT 14\r\nSubject: x\r\n\r\nBDAT 6 LAST\r\nbody\r\nQUIT\r\n",
  'HELO c\r\nMAIL FROM:<"a b"@[127.0.0.1]>\r\nRCPT TO:<@x.example:c@d.example>\r\nDATA\r\nx\r\n.\r\nRSET\r\nNOOP\r\nVRFY a\r\nHELP\r\nEXPN a\r\nQUIT\r\n',
  "EHLO c\r\nAUTH PLAIN\r\nAGFwcABzZWNyZXQ=\r\nAUTH LOGIN YXBw\r\nc2VjcmV0\r\nMAIL FROM:<a@b.example> AUTH=<>\r\nQUIT\r\n",
  "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nReceived: a\r\n\tb\r\n: c\r\n\r\n\n.\n\r.\r\r\n.\r\nMAIL FROM:<a@b.example>\r\n",
  "EHLO c\r\nSTARTTLS\r\n\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
].map((text) => Buffer.from(text, "latin1"));

/** Plays octets, then half-closes; gives all that came back. */
function converse(port: number, parts: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `the session did not end\nsent ${JSON.stringify(parts.map((part) => part.toString("latin1")))}\nheard ${JSON.stringify(Buffer.concat(heard).toString("latin1"))}`,
        ),
      );
    }, 10_000);
    const done = (): void => {
      clearTimeout(timer);
      resolve(Buffer.concat(heard));
    };
    socket.on("data", (chunk) => heard.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", done);
    socket.on("connect", () => {
      let index = 0;
      const next = (): void => {
        const part = parts[index++];
        if (part === undefined) socket.end();
        else socket.write(part, () => setImmediate(next));
      };
      next();
    });
  });
}

/** What is wrong with a stream of replies, or undefined. */
function streamFault(heard: Buffer): string | undefined {
  const text = heard.toString("latin1");
  // Behind STARTTLS's 220 come the alerts of a handshake that fails.
  const clear = /220 2\.0\.0 [^\r]*\r\n/.exec(text);
  const wire = clear === null ? text : text.slice(0, clear.index + clear[0].length);
  if (wire === "") return undefined;
  if (!wire.endsWith("\r\n")) return `cut reply: ${JSON.stringify(wire.slice(-100))}`;
  let first: string | undefined;
  for (const line of wire.slice(0, -2).split("\r\n")) {
    const fault = replyFault(Buffer.from(line, "latin1"), first);
    if (fault !== undefined) return fault;
    first = line[3] === "-" ? line.slice(0, 3) : undefined;
  }
  return first === undefined ? undefined : "a reply without its last line";
}

describe("mutated conversations", () => {
  test(
    `from seed ${firstSeed} for ${seconds} s`,
    async () => {
      const end = performance.now() + seconds * 1000;
      let seed = firstSeed;
      let sessions = 0;
      const worker = async (): Promise<void> => {
        while (performance.now() < end) {
          const mine = seed++;
          const random = seededRandom(mine);
          let octets = seeds[Math.floor(random() * seeds.length)] as Buffer;
          for (let i = 1 + Math.floor(random() * 6); i > 0; i--) octets = mutate(octets, random);
          const connector = (["Usual", "Patient", "Strict"] as const)[mine % 3] ?? "Usual";
          const heard = await converse(relay.portOf(connector), pieces(octets, random));
          sessions++;
          const fault = streamFault(heard);
          if (fault !== undefined)
            throw new Error(
              `seed ${mine} on ${connector}: ${fault}\nsent ${JSON.stringify(octets.toString("latin1"))}\nheard ${JSON.stringify(heard.toString("latin1"))}`,
            );
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      expect(sessions).toBeGreaterThan(20);
      const faults = relay.events.filter(({ name }) => name === "RelayFault");
      expect(faults.map(({ fields }) => fields)).toEqual([]);
      await expect.poll(() => relay.relay.sessions, { timeout: 5_000 }).toBe(0);
      expect(streamFault(await converse(relay.port, [Buffer.from("EHLO c\r\nQUIT\r\n")]))).toBeUndefined();
    },
    60_000 + seconds * 1000,
  );
});

test.each(["(", '"', "\\", ",", ":", "<", "@", ".", "%", "+", "=", " ", "[", "\xff"])(
  "64 KB of %j in every place of a command",
  async (character) => {
    const filling = character.repeat(65_536);
    for (const line of [
      filling,
      `EHLO ${filling}`,
      `MAIL FROM:${filling}`,
      `MAIL FROM:<${filling}>`,
      `MAIL FROM:<a@b> ${filling}`,
      `RCPT TO:<${filling}@b.example>`,
      `AUTH ${filling}`,
      `BDAT ${filling}`,
    ]) {
      const heard = await converse(relay.portOf("Patient"), [
        Buffer.from(`EHLO c\r\n${line}\r\nQUIT\r\n`, "latin1"),
      ]);
      expect(streamFault(heard)).toBeUndefined();
      expect(heard.toString("latin1")).toMatch(/\r\n5\d\d /);
    }
  },
);
