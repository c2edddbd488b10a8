import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { SpoolError } from "../../../../spool/spool.ts";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import type { ScriptedPeer } from "../../../../testing/scripted-server.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";
import { timeouts } from "../wire/timeouts.ts";

const { sinkWith, scripted, carrierTo } = smtpPeers(afterEach);

const one = { maxConcurrentConnections: 1 };
const recorded = "delivered: 250 2.0.0 Ok: recorded";
const hello = "Subject: test\r\n\r\nHello\r\n";

/** Answers one transaction by BDAT. */
async function answerBdat(peer: ScriptedPeer, final = "250 taken"): Promise<void> {
  await peer.lines(2);
  peer.send("250 sender\r\n250 recipient\r\n");
  await peer.chunks();
  peer.send(`${final}\r\n`);
}

/** Answers one transaction by DATA. */
async function answerData(peer: ScriptedPeer, final = "250 taken"): Promise<Buffer> {
  await peer.lines(3);
  peer.send("250 sender\r\n250 recipient\r\n354 go\r\n");
  const content = await peer.content();
  peer.send(`${final}\r\n`);
  return content;
}

describe("an answer to the content that came before the content left", () => {
  it.each([
    ["DATA", ["PIPELINING"], "250 sender\r\n250 recipient\r\n354 go\r\n250 early\r\n"],
    ["DATA behind single answers", [], "354 go\r\n250 early\r\n"],
  ])("is none: nothing is delivered, and the end does not leave (%s)", async (_, extensions, answers) => {
    const behind: string[] = [];
    const server = await scripted(async (peer) => {
      await peer.greet(...extensions);
      if (extensions.length > 0) await peer.lines(3);
      else {
        for (const answer of ["250 sender\r\n", "250 recipient\r\n"]) {
          await peer.lines(1);
          peer.send(answer);
        }
        await peer.lines(1);
      }
      peer.socket.on("data", (octets) => behind.push(String(octets)));
      peer.send(answers);
      await once(peer.socket, "close");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: .*unexpected reply to the data: 250 early/),
    ]);
    expect(behind).toEqual([]);
  });

  it("nor is an answer too many, by which a BDAT is taken for answered", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await answerBdat(peer);
      await answerBdat(peer, "250 second");
      if (peer.connection > 1) return;
      await peer.lines(2);
      peer.send("250 surplus\r\n250 sender\r\n250 recipient\r\n");
      await once(peer.socket, "close");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    for (const expected of [
      "delivered: 250 taken",
      "delivered: 250 second",
      expect.stringMatching(/^transient: .*unexpected reply to the data: 250 recipient/),
    ])
      expect(brief(await carrier.carry(testClaim()))).toEqual([expected]);
  });
});

describe("in one flight", () => {
  it("goes the envelope with CHUNKING, and the next one behind the content, with RSET", async () => {
    const seen: string[] = [];
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await answerBdat(peer);
      await answerBdat(peer, "250 second");
      await peer.lines(2);
      peer.send("250 sender\r\n250 recipient\r\n");
      // Nothing is answered before the next envelope is here.
      seen.push((await peer.chunks()).toString(), ...(await peer.lines(3)));
      peer.send("250 third\r\n250 reset\r\n250 sender\r\n250 recipient\r\n");
      seen.push((await peer.chunks()).toString());
      peer.send("250 fourth\r\n");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    // What it takes to know the peer: a first chunk it takes, and how soon it answers.
    for (const reply of ["taken", "second"])
      expect(brief(await carrier.carry(testClaim()))).toEqual([`delivered: 250 ${reply}`]);
    const results = await Promise.all(
      ["a\r\n", "b\r\n"].map((content) => carrier.carry(testClaim({ content }))),
    );
    expect(results.map(brief)).toEqual([["delivered: 250 third"], ["delivered: 250 fourth"]]);
    expect(seen).toEqual(["a\r\n", "RSET", "MAIL FROM:<app@a.test>", "RCPT TO:<user@b.test>", "b\r\n"]);
    expect(server.connections).toBe(1);
  });

  it("goes the envelope with PIPELINING alone, and the next one behind the content", async () => {
    const contents: string[] = [];
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      contents.push((await answerData(peer)).toString());
      await peer.lines(3);
      peer.send("250 sender\r\n250 recipient\r\n354 go\r\n");
      // Nothing is answered before the next envelope is here.
      contents.push((await peer.content()).toString(), ...(await peer.lines(3)));
      peer.send("250 second\r\n250 sender\r\n250 recipient\r\n354 go\r\n");
      contents.push((await peer.content()).toString());
      peer.send("250 third\r\n");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    const results = await Promise.all(
      ["a\r\n", "b\r\n", "c\r\n"].map((content) => carrier.carry(testClaim({ content }))),
    );
    expect(results.map(brief)).toEqual([
      ["delivered: 250 taken"],
      ["delivered: 250 second"],
      ["delivered: 250 third"],
    ]);
    expect(contents).toEqual([
      "a\r\n",
      "b\r\n",
      "MAIL FROM:<app@a.test>",
      "RCPT TO:<user@b.test>",
      "DATA",
      "c\r\n",
    ]);
    expect(server.connections).toBe(1);
  });

  it("a message written behind another that fails, or whose connection is lost, is sent all the same", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      await answerData(peer, "250 first");
      if (peer.connection > 1) return void (await answerData(peer));
      await answerData(peer, "554 5.6.0 no");
      await peer.lines(2);
      peer.socket.destroy();
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    const results = await Promise.all(Array.from({ length: 3 }, () => carrier.carry(testClaim())));
    expect(results.map(brief)).toEqual([
      ["delivered: 250 first"],
      ["permanent: 554 5.6.0 no"],
      ["delivered: 250 first"],
    ]);
  });

  it("one behind the content of another has its own time for an answer from then on", async () => {
    const clock = createFakeClock();
    let isSilent: () => void = () => undefined;
    const silent = new Promise<void>((resolve) => (isSilent = resolve));
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      await answerData(peer);
      if (peer.connection > 1) return;
      await answerData(peer, "250 second");
      await peer.lines(3);
      isSilent();
      await peer.whenClosed();
    });
    const { carrier } = carrierTo(server.port, { connector: one, clock });
    const results = Promise.all(Array.from({ length: 3 }, () => carrier.carry(testClaim())));
    await silent;
    for (let turn = 0; turn < 5; turn++) await clock.settle();
    await clock.advance(timeouts.mailMs - 1);
    expect(server.connections).toBe(1);
    await clock.advance(1);
    expect((await results).map(brief)).toEqual([
      ["delivered: 250 taken"],
      ["delivered: 250 second"],
      ["delivered: 250 taken"],
    ]);
    expect(server.connections).toBe(2);
  });

  it("nothing goes before its answer without PIPELINING", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet();
      for (const answer of ["250 a", "250 b", "354 c"]) {
        await peer.line();
        await new Promise((resolve) => setImmediate(resolve));
        expect(peer.socket.readableLength).toBe(0);
        peer.send(`${answer}\r\n`);
      }
      await peer.content();
      peer.send("250 taken\r\n");
    });
    const { carrier } = carrierTo(server.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
  });

  it("go thousands of recipients to a peer that reads no further while its answers wait", async () => {
    const count = 20_000;
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      let line = await peer.line();
      for (; !line.startsWith("BDAT"); line = await peer.line()) {
        if (!peer.socket.write(`250 ${"x".repeat(200)}\r\n`)) await once(peer.socket, "drain");
      }
      await peer.chunks(line);
      peer.send("250 taken\r\n");
    });
    const recipients = Array.from(
      { length: count },
      (_, index) => `user${index}@a-rather-long-domain.b.test`,
    );
    const { carrier } = carrierTo(server.port, { connector: { maxRecipientsPerTransaction: Infinity } });
    const told = brief(await carrier.carry(testClaim({ recipients, content: hello })));
    expect(told).toHaveLength(count);
    expect(new Set(told)).toEqual(new Set(["delivered: 250 taken"]));
  });
});

describe.each([
  ["BDAT", ["PIPELINING", "CHUNKING", "8BITMIME"]],
  ["DATA", ["PIPELINING", "8BITMIME"]],
  ["BDAT without PIPELINING", ["CHUNKING", "8BITMIME"]],
  ["DATA without PIPELINING", ["8BITMIME"]],
])("by %s", (way, extensions) => {
  const chunking = way.startsWith("BDAT");

  it.each([
    ["plain", hello, hello],
    ["dots", ".a\r\n.\r\n..\r\n", ".a\r\n.\r\n..\r\n"],
    ["empty", "", ""],
    ["no CRLF at the end", "a\r\nb", chunking ? "a\r\nb" : "a\r\nb\r\n"],
    ["undeclared 8-bit", "é\r\n", "é\r\n"],
  ])("content arrives as it is: %s", async (_, content, expected) => {
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim({ content })))).toEqual([recorded]);
    expect(brief(await carrier.carry(testClaim({ content, pieceBytes: 2 })))).toEqual([recorded]);
    expect(sink.messages.map((message) => message.content.toString())).toEqual([expected, expected]);
    expect(sink.messages[0]?.framing).toBe(chunking ? "BDAT" : "DATA");
  });

  it("a large content streams", async () => {
    const line = ".".padEnd(70, "0123456789") + "\r\n";
    const content = Buffer.from(line.repeat(50_000));
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim({ content, pieceBytes: 65_537 })))).toEqual([recorded]);
    expect(sink.messages[0]?.content.equals(content)).toBe(true);
  });

  it("a content found damaged is never finished", async () => {
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port);
    const stream = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(600_000, "x");
      yield Buffer.alloc(600_000, "y");
      throw new SpoolError("damaged", "checksum");
    };
    expect(await carrier.carry(testClaim({ stream }))).toEqual({ kind: "damaged", what: "checksum" });
    await sink.until(() => sink.open === 0);
    expect(sink.messages).toEqual([]);
  });

  it.each([false, true])(
    "a content that may be another node's is never finished (streamed: %s)",
    async (streamed) => {
      const sink = await sinkWith({ extensions });
      const { carrier } = carrierTo(sink.port);
      let isHeld = true;
      const stream = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.alloc(600_000, "x");
        isHeld = false;
        yield Buffer.alloc(600_000, "y");
      };
      const claim = {
        ...testClaim(streamed ? { stream } : { content: hello }),
        isHeld: () => streamed && isHeld,
      };
      expect(await carrier.carry(claim)).toEqual({ kind: "aborted" });
      await sink.until(() => sink.open === 0);
      expect(sink.messages).toEqual([]);
    },
  );

  it("a content that cannot be read is tried later", async () => {
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port);
    const stream = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10, "x");
      throw new Error("EIO");
    };
    expect(await carrier.carry(testClaim({ stream }))).toMatchObject({
      outcomes: [{ kind: "transient", verdict: { status: "4.3.0", fromPeer: false } }],
    });
    expect(sink.messages).toEqual([]);
  });

  it("each recipient gets its own outcome", async () => {
    const sink = await sinkWith({
      extensions,
      behave: ({ at, line }) => {
        if (at !== "RCPT") return undefined;
        if (line.includes("no@")) return { reply: "550-5.1.1 No such\r\n550 5.1.1 user" };
        return line.includes("later@") ? { reply: "450 Busy" } : undefined;
      },
    });
    const { carrier } = carrierTo(sink.port);
    const result = await carrier.carry(testClaim({ recipients: ["no@b", "yes@b", "later@b"] }));
    expect(brief(result)).toEqual(["permanent: 550 5.1.1 No such user", recorded, "transient: 450 Busy"]);
    expect(sink.messages[0]?.recipients.map(({ path }) => path)).toEqual(["yes@b"]);
  });

  it.each([undefined, 3])(
    "all recipients refused: nothing is delivered, the connection stays (piece %s)",
    async (pieceBytes) => {
      const sink = await sinkWith({
        extensions,
        behave: ({ at }) => (at === "RCPT" ? { reply: "550 5.1.1 No" } : undefined),
      });
      const { carrier } = carrierTo(sink.port);
      const claim = (): ReturnType<typeof testClaim> =>
        testClaim({ recipients: ["a@b", "c@b"], ...(pieceBytes === undefined ? {} : { pieceBytes }) });
      expect(brief(await carrier.carry(claim()))).toEqual(Array(2).fill("permanent: 550 5.1.1 No"));
      sink.configure({ behave: undefined });
      expect(brief(await carrier.carry(claim()))).toEqual([recorded, recorded]);
      sink.configure({ behave: ({ at }) => (at === "RCPT" ? { reply: "550 5.1.1 No" } : undefined) });
      expect(brief(await carrier.carry(claim()))).toEqual(Array(2).fill("permanent: 550 5.1.1 No"));
      sink.configure({ behave: undefined });
      expect(brief(await carrier.carry(claim()))).toEqual([recorded, recorded]);
      expect(sink.messages.map(({ content }) => content.toString())).toEqual([hello, hello]);
      expect(sink.commands).toContain("RSET");
    },
  );

  it.each([
    ["MAIL", "550 5.7.1 Not you", "permanent: 550 5.7.1 Not you"],
    ["MAIL", "451 4.3.0 Later", "transient: 451 4.3.0 Later"],
    ["content", "554 5.6.0 Bad", "permanent: 554 5.6.0 Bad"],
    ["content", "452 4.3.1 Full", "transient: 452 4.3.1 Full"],
    ["content", "421 4.3.2 Stopping", "transient: 421 4.3.2 Stopping"],
  ] as const)("%s refused with %s, then the next message goes", async (at, reply, expected) => {
    const sink = await sinkWith({ extensions, behave: (stage) => (stage.at === at ? { reply } : undefined) });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([expected]);
    sink.configure({ behave: undefined });
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.messages).toHaveLength(1);
  });

  it("recipients beyond what the peer takes at once follow in further transactions", async () => {
    const sink = await sinkWith({
      extensions,
      behave: ({ at, recipients }) =>
        at === "RCPT" && recipients.length >= 2 ? { reply: "452 4.5.3 Too many" } : undefined,
    });
    const { carrier } = carrierTo(sink.port);
    const recipients = ["a@b", "c@b", "d@b", "e@b", "f@b"];
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual(Array(5).fill(recorded));
    expect(sink.messages.map((message) => message.recipients.map(({ path }) => path))).toEqual([
      ["a@b", "c@b"],
      ["d@b", "e@b"],
      ["f@b"],
    ]);
    expect(sink.connections).toBe(1);
  });

  it("lost after the content, before its answer: tried later, not at once", async () => {
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port);
    await carrier.carry(testClaim());
    sink.configure({ behave: ({ at }) => (at === "stored" ? { drop: true } : undefined) });
    expect(await carrier.carry(testClaim())).toMatchObject({
      outcomes: [{ kind: "transient", verdict: { status: "4.4.2", fromPeer: false }, unconfirmed: true }],
    });
    expect(sink.messages).toHaveLength(2);
  });

  it.each(["what?", "354 go on", "250-taken\r\n550 no"])(
    "an acceptance that is %j is not one, and not asked of another",
    async (reply) => {
      const sink = await sinkWith({
        extensions,
        behave: ({ at }) => (at === "stored" ? { reply } : undefined),
      });
      const other = await sinkWith({ extensions });
      const { carrier } = carrierTo([sink.port, other.port], { connector: one });
      const recipients = ["a@b", "c@b"];
      expect(await carrier.carry(testClaim({ recipients }))).toMatchObject({
        outcomes: [
          { index: 0, kind: "transient", unconfirmed: true },
          { index: 1, kind: "transient", unconfirmed: true },
        ],
      });
      expect(sink.messages.length + other.messages.length).toBe(1);
    },
  );

  it.each([
    ["PIPELINING", ["PIPELINING"]],
    ["one command at a time", []],
  ])("a 354 to MAIL is no refusal of the sender, and no consent: %s", async (_, offered) => {
    const sink = await sinkWith({
      extensions: offered,
      behave: ({ at }) => (at === "MAIL" ? { reply: "354 go on" } : undefined),
    });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: unexpected reply to MAIL: 354 go on$/),
    ]);
    expect(sink.messages).toEqual([]);
  });

  it("an acceptance in lines of several codes is one", async () => {
    const sink = await sinkWith({
      extensions,
      behave: ({ at }) =>
        at === "stored" ? { reply: `250-taken\r\n${"251-for them\r\n".repeat(300)}250 all` } : undefined,
    });
    const { carrier } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([expect.stringMatching(/^delivered: 250 taken/)]);
  });

  it("a peer that stops reading is given up", async () => {
    const clock = createFakeClock();
    const sink = await sinkWith({ extensions });
    const { carrier } = carrierTo(sink.port, { clock });
    await carrier.carry(testClaim());
    sink.configure({
      behave: ({ at }) => (at === "BDAT" || at === "DATA" ? { stall: true, reply: "354 go" } : undefined),
    });
    let pulled = 0;
    const stream = async function* (): AsyncGenerator<Buffer> {
      for (; pulled < 1_000; pulled++) yield Buffer.alloc(1024 * 1024, "x");
    };
    const running = carrier.carry(testClaim({ stream, facts: { dotLines: 0 } }));
    await sink.until(() => sink.commands.filter((line) => /^(BDAT|DATA)/.test(line)).length >= 2);
    await clock.settle();
    await clock.advance(chunking ? timeouts.blockMs : timeouts.dataMs);
    if (chunking) {
      // BDAT is to blame: the content goes by DATA, where the peer stops again.
      await sink.until(() => sink.commands.includes("DATA"));
      await clock.settle();
      await clock.advance(timeouts.dataMs);
    }
    expect(await running).toMatchObject({ outcomes: [{ kind: "transient", verdict: { status: "4.4.2" } }] });
    expect(pulled).toBeLessThan(100);
  });
});

describe("peers that do not keep to the protocol", () => {
  it.each([
    ["500 What?", "PIPELINING"],
    ["502 5.5.1 Not implemented", "PIPELINING"],
    ["503 5.5.1 Bad sequence", "DSN"],
  ])("BDAT answered with %s: DATA at once, and from then on (%s)", async (reply, extension) => {
    const sink = await sinkWith({
      extensions: ["CHUNKING", extension],
      behave: ({ at }) => (at === "BDAT" ? { reply } : undefined),
    });
    const { carrier, told } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.messages.map(({ framing }) => framing)).toEqual(["DATA", "DATA"]);
    expect(sink.commands.filter((line) => line.startsWith("BDAT"))).toHaveLength(1);
    expect(told).toEqual([
      { name: "PeerFeatureDisabled", fields: { host: "127.0.0.1", feature: "CHUNKING", error: reply } },
    ]);
  });

  it("a peer that took a message by BDAT and refuses one: DATA for that, and BDAT from then on", async () => {
    let bdats = 0;
    const sink = await sinkWith({
      behave: ({ at }) => (at === "BDAT" && ++bdats === 3 ? { reply: "503 5.5.1 Bad sequence" } : undefined),
    });
    const { carrier, told } = carrierTo(sink.port);
    for (let n = 0; n < 3; n++) expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.messages.map(({ framing }) => framing)).toEqual(["BDAT", "DATA", "BDAT"]);
    expect(told).toEqual([]);
  });

  it.each([
    ["pipelined", ["PIPELINING", "CHUNKING"], undefined, timeouts.finalMs],
    ["pipelined, streamed", ["PIPELINING", "CHUNKING"], 10, timeouts.blockMs],
    ["one by one", ["CHUNKING"], undefined, timeouts.finalMs],
  ] as const)(
    "stalling at BDAT, %s: DATA on a new connection, and from then on",
    async (_, extensions, pieceBytes, ms) => {
      const clock = createFakeClock();
      const sink = await sinkWith({
        extensions,
        behave: ({ at }) => (at === "BDAT" ? { stall: true } : undefined),
      });
      const { carrier, told } = carrierTo(sink.port, { clock });
      const running = carrier.carry(testClaim(pieceBytes === undefined ? {} : { pieceBytes }));
      await sink.until(() => sink.commands.some((line) => line.startsWith("BDAT")));
      for (let turn = 0; turn < 5; turn++) await clock.settle();
      await clock.advance(Math.max(ms, timeouts.finalMs));
      expect(brief(await running)).toEqual([recorded]);
      expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
      expect(sink.messages.map(({ framing }) => framing)).toEqual(["DATA", "DATA"]);
      expect(told.map(({ fields }) => fields["feature"])).toEqual(["CHUNKING"]);
    },
  );

  it("closing on BDAT: DATA at once, and from then on", async () => {
    const sink = await sinkWith({ behave: ({ at }) => (at === "BDAT" ? { drop: true } : undefined) });
    const { carrier, told } = carrierTo(sink.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.messages.map(({ framing }) => framing)).toEqual(["DATA", "DATA"]);
    expect(told.map(({ fields }) => fields["feature"])).toEqual(["CHUNKING"]);
  });

  it("commands behind the first thrown away: one at a time, at once and from then on", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      if (peer.connection === 1) {
        await peer.lines(3);
        peer.send("250 sender\r\n354 out of step\r\n");
        return;
      }
      for (;;) {
        for (const answer of ["250 a", "250 b", "354 c"]) {
          await peer.line();
          await new Promise((resolve) => setImmediate(resolve));
          expect(peer.socket.readableLength).toBe(0);
          peer.send(`${answer}\r\n`);
        }
        await peer.content();
        peer.send("250 taken\r\n");
      }
    });
    const { carrier, told } = carrierTo(server.port);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect(told.map(({ fields }) => fields["feature"])).toEqual(["PIPELINING"]);
  });

  it("answering only the first of a group: one at a time after the timeout", async () => {
    const clock = createFakeClock();
    let firstAnswered = false;
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      if (peer.connection === 1) {
        await peer.lines(3);
        peer.send("250 sender\r\n");
        firstAnswered = true;
        return;
      }
      for (const answer of ["250 a", "250 b", "354 c"]) {
        await peer.line();
        peer.send(`${answer}\r\n`);
      }
      await peer.content();
      peer.send("250 taken\r\n");
    });
    const { carrier, told } = carrierTo(server.port, { clock });
    const running = carrier.carry(testClaim());
    while (!firstAnswered) await clock.settle();
    await clock.settle();
    await clock.advance(timeouts.recipientMs);
    expect(brief(await running)).toEqual(["delivered: 250 taken"]);
    expect(told).toHaveLength(1);
  });

  it.each(["hello there", "250-a\r\n550 b", "x".repeat(10_000)])(
    "garbage closes, and the message is tried later",
    async (garbage) => {
      const server = await scripted(async (peer) => {
        await peer.greet();
        await peer.line();
        peer.send(`${garbage}\r\n`);
        await peer.whenClosed();
      });
      const { carrier } = carrierTo(server.port);
      expect(await carrier.carry(testClaim())).toMatchObject({
        outcomes: [{ kind: "transient", verdict: { status: "4.5.0", fromPeer: false } }],
      });
      expect(server.connections).toBe(1);
    },
  );

  it("a refusal in the midst of DATA content is heard", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      await peer.lines(3);
      peer.send("250 sender\r\n250 recipient\r\n354 go\r\n");
      await peer.octets(100_000);
      peer.send("552 5.3.4 Too big\r\n");
      for (;;) await peer.octets(1000);
    });
    const { carrier } = carrierTo(server.port);
    let pulled = 0;
    const stream = async function* (): AsyncGenerator<Buffer> {
      for (; pulled < 1_000; pulled++) yield Buffer.alloc(600_000, "x");
    };
    const claim = testClaim({ stream, facts: { dotLines: 0 } });
    expect(brief(await carrier.carry(claim))).toEqual(["permanent: 552 5.3.4 Too big"]);
    expect(pulled).toBeLessThan(1_000);
  });

  it("a refused chunk ends the stream, and the connection is used further", async () => {
    const sink = await sinkWith({
      extensions: ["CHUNKING", "PIPELINING"],
      behave: ({ at }) => (at === "BDAT" ? { reply: "552 5.3.4 Too big" } : undefined),
    });
    const { carrier } = carrierTo(sink.port);
    const content = Buffer.alloc(3_000_000, "x");
    expect(brief(await carrier.carry(testClaim({ content, pieceBytes: 100_000 })))).toEqual([
      "permanent: 552 5.3.4 Too big",
    ]);
    sink.configure({ behave: undefined });
    expect(brief(await carrier.carry(testClaim()))).toEqual([recorded]);
    expect(sink.connections).toBe(1);
  });
});

describe("envelopes", () => {
  it("carry DSN parameters and SIZE where offered, and say that the peer took the reports over", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port);
    const notify = { never: false, success: true, failure: true, delay: false };
    const claim = testClaim({
      content: hello,
      envelope: {
        ret: "HDRS",
        envid: "id+2B1",
        recipients: [{ forwardPath: "u@b.test", notify }, { forwardPath: "v@b.test" }],
      },
    });
    const result = await carrier.carry(claim);
    expect(result).toMatchObject({ outcomes: [{ dsnRelayed: true }, { dsnRelayed: true }] });
    expect(sink.messages[0]).toMatchObject({
      parameters: ["SIZE=24", "RET=HDRS", "ENVID=id+2B1"],
      recipients: [
        { parameters: ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;u@b.test"] },
        { parameters: ["ORCPT=rfc822;v@b.test"] },
      ],
    });
  });

  it("in UTF-8 go where SMTPUTF8 is offered, and nowhere else", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port, { connector: one });
    const recipients = [{ forwardPath: "грета@b.test" }];
    const send = testClaim({ envelope: { smtpUtf8: true, recipients } });
    expect(brief(await carrier.carry(send))).toEqual([recorded]);
    expect(sink.messages[0]).toMatchObject({
      recipients: [{ path: "грета@b.test" }],
      parameters: ["SIZE=24", "SMTPUTF8"],
    });
    const plain = await sinkWith({ extensions: ["PIPELINING"] });
    const { carrier: other } = carrierTo(plain.port);
    expect(await other.carry(send)).toMatchObject({
      outcomes: [{ kind: "permanent", verdict: { status: "5.6.7" } }],
    });
    expect(plain.commands.filter((line) => line.startsWith("MAIL"))).toEqual([]);
  });

  it("too large for the peer are not begun", async () => {
    const sink = await sinkWith({ extensions: ["SIZE 10"] });
    const { carrier } = carrierTo(sink.port);
    expect(await carrier.carry(testClaim())).toMatchObject({
      outcomes: [{ kind: "permanent", verdict: { status: "5.3.4" } }],
    });
    expect(sink.commands).toEqual(["EHLO relay.test"]);
  });

  it("never carry commands into the session", async () => {
    const sink = await sinkWith();
    const { carrier } = carrierTo(sink.port);
    const recipients = ["a@b>\r\nRCPT TO:<evil@b", "good@b"];
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual([
      "permanent: 501 5.1.3 the forward-path cannot be sent",
      recorded,
    ]);
    expect(sink.commands.filter((line) => line.includes("evil"))).toEqual([]);
  });
});

describe("memory of a streamed content", () => {
  const large = `Subject: large\r\n\r\n${"x".repeat(70)}\r\n`.repeat(20_000);

  async function doneAfter(script: (peer: ScriptedPeer) => Promise<void>): Promise<number> {
    const server = await scripted(script);
    const { carrier } = carrierTo(server.port, { connector: one });
    const claim = testClaim({ content: large, pieceBytes: 64 * 1024 });
    let done = 0;
    await carrier.carry({ ...claim, content: { ...claim.content, giveBack: () => done++ } });
    return done;
  }
  const until354 = async (peer: ScriptedPeer): Promise<void> => {
    await peer.greet("PIPELINING");
    await peer.lines(3);
    peer.send("250 sender\r\n250 recipient\r\n354 go\r\n");
  };

  it("may be used again when the peer has taken all of it", async () => {
    const done = await doneAfter(async (peer) => {
      await until354(peer);
      await peer.content();
      peer.send("250 taken\r\n");
    });
    expect(done).toBe(1);
  });

  it("may not when the peer refuses it, or leaves", async () => {
    const refused = await doneAfter(async (peer) => {
      await until354(peer);
      await peer.content();
      peer.send("554 no\r\n");
    });
    expect(refused).toBe(0);
  });
});
