/** Peers that answer more, or earlier, than they were asked: an answer is never another command's, recipient's or message's. */
import { afterEach, describe, expect, test } from "vitest";
import type { ScriptedPeer } from "../../../../testing/scripted-server.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";

const { scripted, carrierTo } = smtpPeers(afterEach);
const one = { maxConcurrentConnections: 1 };

/** Who speaks out of step, and what came behind it until the client closed. */
function outOfStep() {
  let tell: (heard: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => (tell = resolve));
  const say = async (peer: ScriptedPeer, answers: string): Promise<void> => {
    let text = "";
    peer.socket.on("data", (octets) => (text += String(octets)));
    peer.send(answers);
    await peer.whenClosed();
    tell(text);
  };
  return { heard, say };
}

async function takeByData(peer: ScriptedPeer, recipients = 1): Promise<void> {
  await peer.lines(recipients + 2);
  peer.send(`250 sender\r\n${"250 recipient\r\n".repeat(recipients)}354 go\r\n`);
  await peer.content();
  peer.send("250 taken\r\n");
}

async function takeByBdat(peer: ScriptedPeer, final = "250 taken"): Promise<void> {
  await peer.lines(2);
  peer.send("250 sender\r\n250 recipient\r\n");
  await peer.chunks();
  peer.send(`${final}\r\n`);
}

describe("a refusal that comes before the content has left", () => {
  test.each([
    ["DATA", ["PIPELINING"], "250 sender\r\n250 recipient\r\n354 go\r\n554 no\r\n", "permanent: 554 no"],
    [
      "nobody is left",
      ["PIPELINING"],
      "250 sender\r\n550 who\r\n354 go\r\n554 none\r\n",
      "permanent: 550 who",
    ],
    ["DATA, one by one", [], "354 go\r\n554 no\r\n", "permanent: 554 no"],
  ])("is heard, and the content does not leave (%s)", async (_, extensions, answers, expected) => {
    const { heard, say } = outOfStep();
    const server = await scripted(async (peer) => {
      await peer.greet(...extensions);
      if (peer.connection > 1) {
        if (extensions.length > 0) return takeByData(peer);
        for (const answer of ["250 a", "250 b", "354 c"]) {
          await peer.line();
          peer.send(`${answer}\r\n`);
        }
        await peer.content();
        return peer.send("250 taken\r\n");
      }
      if (extensions.length > 0) await peer.lines(3);
      else {
        for (const answer of ["250 sender\r\n", "250 recipient\r\n"]) {
          await peer.line();
          peer.send(answer);
        }
        await peer.line();
      }
      await say(peer, answers);
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim()))).toEqual([expected]);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect([await heard, server.connections]).toEqual(["", 2]);
  });

  test.each(["550 recipient", "503 second"])("is none of a BDAT: %s", async (surplus) => {
    const { heard, say } = outOfStep();
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await takeByBdat(peer);
      if (peer.connection > 1) return;
      await takeByBdat(peer, "250 second");
      await peer.lines(2);
      await say(peer, `250 surplus\r\n250 sender\r\n${surplus}\r\n`);
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    for (const expected of ["delivered: 250 taken", "delivered: 250 second"])
      expect(brief(await carrier.carry(testClaim()))).toEqual([expected]);
    expect(brief(await carrier.carry(testClaim()))).toEqual([
      expect.stringMatching(/^transient: unexpected reply to the data/),
    ]);
    expect(await heard).toBe("");
  });
});

describe("of a content that the peer has not read all of", () => {
  /** More than the system keeps for a peer that does not read. */
  const large = testClaim({ content: Buffer.alloc(12 * 1024 * 1024, "x") });

  test.each([
    ["DATA", "250 early", /^transient: unexpected reply to the data: 250 early/],
    ["DATA", "552 too large", /^permanent: 552 too large/],
    ["BDAT", "250 early", /^transient: unexpected reply to the data: 250 early/],
  ])("%s: %s is no end of it, and the connection is closed", async (way, early, expected) => {
    let isFirst = true;
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", ...(way === "BDAT" ? ["CHUNKING"] : []));
      if (way === "BDAT") await takeByBdat(peer);
      if (isFirst) {
        isFirst = false;
        const isBdat = way === "BDAT";
        await peer.lines(isBdat ? 2 : 3);
        peer.send(`250 sender\r\n250 recipient\r\n${isBdat ? "" : "354 go\r\n"}`);
        await peer.octets(1_000);
        peer.socket.pause();
        peer.send(`${early}\r\n`);
        await peer.whenClosed();
      } else await takeByData(peer);
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    if (way === "BDAT") expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect(brief(await carrier.carry(large))).toEqual([expect.stringMatching(expected)]);
    expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 taken"]);
    expect(server.connections).toBe(2);
  });
});

describe("an answer to a command that has not left is none, and the message goes on another connection", () => {
  test.each(["550 to nothing", "250 to nothing", "354 to nothing"])("%s", async (surplus) => {
    const server = await scripted(async (peer) => {
      await peer.greet();
      const surplusOnce = peer.connection === 1 ? `${surplus}\r\n` : "";
      for (const answer of [
        `250 sender\r\n${surplusOnce}`,
        "550 first\r\n",
        "250 second\r\n",
        "354 go\r\n",
      ]) {
        await peer.line();
        peer.send(answer);
      }
      await peer.content();
      peer.send("250 taken\r\n");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    const claim = testClaim({ recipients: ["first@b.test", "second@b.test"] });
    expect(brief(await carrier.carry(claim))).toEqual(["permanent: 550 first", "delivered: 250 taken"]);
    expect(server.connections).toBe(2);
  });
});

describe("where answers turn out to have been others' no recipient is refused by them", () => {
  const recipients = ["first@b.test", "second@b.test"];
  test.each([
    ["a surplus one", "250 surplus\r\n250 sender\r\n550 first\r\n250 second\r\n"],
    ["one of the sender", "554 surplus\r\n250 sender\r\n250 first\r\n250 second\r\n"],
    [
      "a surplus one, and the last is refused",
      "250 surplus\r\n250 sender\r\n250 first\r\n550 second\r\n354 go\r\n",
    ],
    ["one is missing", "250 sender\r\n550 second\r\n354 go\r\n"],
  ])("%s", async (_, answers) => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      // It is known to do several at once.
      if (peer.connection === 1) await takeByData(peer, 2);
      await peer.lines(4);
      peer.send(answers);
      await peer.whenClosed();
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual(
      Array(2).fill("delivered: 250 taken"),
    );
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual(
      Array(2).fill(expect.stringMatching(/^transient: unexpected reply to /)),
    );
  });
});

describe("a refusal that is another's, where the content goes by BDAT, returns no mail", () => {
  const recipients = ["first@b.test", "second@b.test"];
  test.each([
    ["of the sender", "554 surplus\r\n250 sender\r\n250 first\r\n250 second\r\n"],
    ["of the sender, seen in two reads", "554 surplus\r\n250 sender\r\n"],
    ["of all recipients", "250 sender\r\n550 surplus\r\n550 surplus\r\n250 first\r\n250 second\r\n"],
  ])("%s", async (_, answers) => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      if (peer.connection === 1) {
        await peer.lines(3);
        peer.send(answers);
        await peer.whenClosed();
        return;
      }
      for (const answer of ["250 sender", "250 first", "250 second"]) {
        await peer.line();
        peer.send(`${answer}\r\n`);
      }
      await peer.chunks();
      peer.send("250 taken\r\n");
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual(
      Array(2).fill("delivered: 250 taken"),
    );
    expect(server.connections).toBe(2);
  });

  test("and one in two lines that both end it is one", async () => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await peer.lines(2);
      peer.send("250 sender\r\n550 who\r\n550 see our pages\r\n");
      await peer.whenClosed();
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim()))).toEqual(["permanent: 550 who"]);
  });
});

test.each(["421 closing", "221 bye"])(
  "a refusal of DATA with a good-bye behind it is one: %s",
  async (bye) => {
    const server = await scripted(async (peer) => {
      await peer.greet("PIPELINING");
      await peer.lines(3);
      peer.send(`250 sender\r\n250 recipient\r\n554 no\r\n${bye}\r\n`);
      await peer.whenClosed();
    });
    const { carrier } = carrierTo(server.port, { connector: one });
    expect(brief(await carrier.carry(testClaim()))).toEqual(["permanent: 554 no"]);
  },
);
