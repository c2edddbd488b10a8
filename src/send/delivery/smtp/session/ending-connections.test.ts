/** Connections that end as a matter of course: after a rest, or because the peer takes so much and closes. */
import { afterEach, describe, expect, it } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import type { ScriptedPeer } from "../../../../testing/scripted-server.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief } from "../../../../testing/test-smtp-carrier.ts";
import { timeouts } from "../wire/timeouts.ts";

const { scripted: server, carrierTo } = smtpPeers(afterEach);

/** Takes one message, by DATA or BDAT. */
async function takeMessage(peer: ScriptedPeer): Promise<void> {
  for (;;) {
    const line = await peer.line();
    if (line.startsWith("BDAT")) {
      await peer.chunks(line);
      return peer.send("250 done\r\n");
    }
    if (line === "DATA") {
      peer.send("354 go\r\n");
      await peer.content();
      return peer.send("250 done\r\n");
    }
    peer.send("250 ok\r\n");
  }
}

it("what has said QUIT after its rest is given no message, however long the peer takes to answer that", async () => {
  const clock = createFakeClock();
  let saidQuit: () => void = () => undefined;
  const quitting = new Promise<void>((resolve) => (saidQuit = resolve));
  const { port } = await server(async (peer) => {
    await peer.greet("PIPELINING");
    await takeMessage(peer);
    if ((await peer.line()) === "QUIT") saidQuit();
    await peer.whenClosed();
  });
  const { carrier } = carrierTo(port, { clock });
  expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 done"]);
  await clock.advance(timeouts.idleMs);
  await quitting;
  expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 done"]);
});

it.each([
  ["BDAT", ["PIPELINING", "CHUNKING"]],
  ["DATA", ["PIPELINING"]],
  ["one by one", []],
])("a peer that closes after each message gets all portions of many recipients: %s", async (_, keywords) => {
  const { port } = await server(async (peer) => {
    await peer.greet(...keywords);
    await takeMessage(peer);
    peer.socket.end();
  });
  const { carrier } = carrierTo(port, { connector: { maxRecipientsPerTransaction: 1 } });
  const recipients = ["a@b.test", "b@b.test", "c@b.test", "d@b.test", "e@b.test"];
  expect(brief(await carrier.carry(testClaim({ recipients })))).toEqual(Array(5).fill("delivered: 250 done"));
});

it("a message put off by one host gets the second try of a lost connection at the other host too", async () => {
  const dying = await server(async (peer) => {
    await peer.greet();
    if (peer.connection <= 2) await peer.line();
    else await takeMessage(peer);
    peer.socket.end();
  });
  const busy = await server(async (peer) => {
    await peer.greet();
    for (;;) {
      await peer.line();
      peer.send("450 4.3.2 Busy\r\n");
    }
  });
  const { carrier } = carrierTo([dying.port, busy.port]);
  expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 done"]);
});

describe("a peer that offers CHUNKING, and does not answer the envelope", () => {
  const recipients = ["a@b.test", "c@b.test"];

  it("closing each time at RCPT: what it cannot have taken is put off, and not held for delivered", async () => {
    const { port } = await server(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await peer.line();
      peer.send("250 ok\r\n");
      await peer.line();
      peer.socket.end();
    });
    const { carrier } = carrierTo(port);
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await carrier.carry(testClaim({ recipients }));
      expect(brief(result)).toEqual(Array(2).fill("transient: the connection was closed by the peer"));
      expect(JSON.stringify(result)).not.toContain("unconfirmed");
    }
  });

  it("hanging: was given no content, and has taken nothing", async () => {
    const clock = createFakeClock();
    let waits: () => void = () => undefined;
    const { port } = await server(async (peer) => {
      await peer.greet("PIPELINING", "CHUNKING");
      await peer.line();
      waits();
      await peer.whenClosed();
    });
    const { carrier } = carrierTo(port, { clock });
    const attempt = async (): Promise<unknown> => {
      const waiting = new Promise<void>((resolve) => (waits = resolve));
      const carried = carrier.carry(testClaim({ recipients }));
      await waiting;
      await clock.advance(timeouts.mailMs);
      return carried;
    };
    const result = await attempt();
    expect(result).toMatchObject({ outcomes: [{ kind: "transient" }, { kind: "transient" }] });
    expect(JSON.stringify(result)).not.toContain("unconfirmed");
  });
});

it("on a new connection to a peer that answers quickly, an envelope follows the first content", async () => {
  const envelope = async (peer: ScriptedPeer): Promise<void> => {
    while ((await peer.line()) !== "DATA") peer.send("250 ok\r\n");
    peer.send("354 go\r\n");
  };
  const { port } = await server(async (peer) => {
    await peer.greet("PIPELINING");
    if (peer.connection === 1) {
      await takeMessage(peer);
      return void peer.socket.end();
    }
    await envelope(peer);
    await peer.content();
    // Not answered before the next message's envelope is there.
    const next = await peer.line();
    peer.send(next.startsWith("MAIL") ? "250 quick\r\n250 ok\r\n" : "451 not followed\r\n");
    await envelope(peer);
    await peer.content();
    peer.send("250 done\r\n");
  });
  const { carrier } = carrierTo(port, { connector: { maxConcurrentConnections: 1 } });
  expect(brief(await carrier.carry(testClaim()))).toEqual(["delivered: 250 done"]);
  const both = await Promise.all([carrier.carry(testClaim()), carrier.carry(testClaim())]);
  expect(both.map(brief)).toEqual([["delivered: 250 quick"], ["delivered: 250 done"]]);
});
