/** What is used of a peer, what it is blamed for, and what is proof that it works. */
import { describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Events } from "../../../../events/events.ts";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { noCapabilities, type Capabilities } from "../wire/ehlo-capabilities.ts";
import { clearTextMs, createPeerMemory, quirkMs, type Peer } from "./peer.ts";
import { PeerEvidence } from "./peer-evidence.ts";

interface Given {
  readonly peer?: Partial<Peer>;
  readonly connector?: Partial<SmtpSendConnector>;
  readonly offers?: Partial<Capabilities>;
  readonly secured?: boolean;
  readonly isTlsRequired?: boolean;
}

const now = 1_000_000;

function met({ peer: known = {}, connector, offers, secured = false, isTlsRequired = false }: Given = {}) {
  const clock = createFakeClock(now);
  const memory = createPeerMemory();
  const host = memory.host({ host: "mx.test", port: 25 });
  const peer = Object.assign(memory.peer(host, "192.0.2.1"), known);
  const told: [string, object][] = [];
  const events = {
    emit: (name: string, fields: object) => void told.push([name, fields]),
  } as unknown as Events;
  const evidence = new PeerEvidence(
    peer,
    { secured, isTlsRequired },
    { ...noCapabilities, ...offers },
    { connector: smartHostConnector(25, connector), events, clock },
  );
  return { clock, host, peer, told, evidence };
}

const ok = { code: 250, text: "2.1.0 Ok" };
const demandsTls = { code: 530, text: "5.7.0 Must issue a STARTTLS command first" };
const demandsCertificate = { code: 454, text: "4.7.1 A client certificate is needed" };

describe.each([
  ["chunking", "chunkingEnabled", "noChunkingUntil", "noPipeliningUntil"],
  ["pipelining", "pipeliningEnabled", "noPipeliningUntil", "noChunkingUntil"],
] as const)("%s", (feature, setting, until, otherUntil) => {
  test.each([
    ["that is offered and allowed is used", true, true, 0, true],
    ["that is not offered is not", false, true, 0, false],
    ["that the connector switches off is not", true, false, 0, false],
    ["that the peer has broken is not", true, true, now + 1, false],
    ["is tried again when that is over", true, true, now, true],
  ])("%s", (_, offered, allowed, brokenUntil, used) => {
    const { evidence } = met({
      offers: { [feature]: offered },
      connector: { [setting]: allowed },
      peer: { [until]: brokenUntil, [otherUntil]: now + 1 },
    });
    expect(evidence[feature]).toBe(used);
  });
});

test("what goes in one flight beyond the RFC's groups is not tried for a day where it was lost", () => {
  const { evidence, peer } = met();
  expect(evidence.following).toBe(true);
  evidence.blameFollowing();
  expect([evidence.following, peer.noFollowingUntil]).toEqual([false, now + quirkMs]);
  expect(met({ peer: { noFollowingUntil: now } }).evidence.following).toBe(true);
});

describe("TLS may be blamed", () => {
  test.each<[string, Given, boolean]>([
    ["within it", { secured: true }, true],
    ["not in clear text", {}, false],
    ["not where it is required", { secured: true, isTlsRequired: true }, false],
    ["not where it worked not long ago", { secured: true, peer: { tlsProvenUntil: now + 1 } }, false],
    ["when that is long ago", { secured: true, peer: { tlsProvenUntil: now } }, true],
  ])("%s", (_, given, expected) => expect(met(given).evidence.mayBlameTls).toBe(expected));

  test("not behind an answer to MAIL, which proves it once", async () => {
    const { evidence, peer, clock, told } = met({ secured: true });
    evidence.mailAnswered(ok);
    expect([evidence.mayBlameTls, peer.tlsProvenUntil]).toEqual([false, now + clearTextMs]);
    await clock.advance(5);
    evidence.mailAnswered(ok);
    expect(peer.tlsProvenUntil).toBe(now + clearTextMs);
    await clock.advance(clearTextMs);
    expect(evidence.mayBlameTls).toBe(false);
    expect(told).toEqual([]);
  });

  test("still behind one that asks for a certificate of ours", () => {
    const { evidence, peer } = met({ secured: true });
    evidence.mailAnswered(demandsCertificate);
    expect([evidence.mayBlameTls, peer.tlsProvenUntil]).toEqual([true, 0]);
  });
});

describe("in clear text, since TLS failed", () => {
  const suspected: Given = { peer: { clearTextUntil: now + 1, tlsSuspicion: "bad record" } };

  test("an answer to MAIL is told as proof that TLS was at fault, once", () => {
    const { evidence, told, peer } = met(suspected);
    evidence.mailAnswered(ok);
    evidence.mailAnswered(ok);
    expect(told).toEqual([
      ["OpportunisticTlsFailed", expect.objectContaining({ host: "mx.test", error: "bad record" })],
    ]);
    expect(peer.clearTextUntil).toBe(now + 1);
    evidence.lostUnanswered();
    expect(peer.clearTextUntil).toBe(now + 1);
  });

  test("one that demands TLS ends clear text, and proves nothing", () => {
    const { evidence, told, peer } = met(suspected);
    expect([evidence.isForWantOfTls(demandsTls), evidence.isForWantOfTls(ok)]).toEqual([true, false]);
    evidence.mailAnswered(demandsTls);
    expect([peer.clearTextUntil, peer.tlsSuspicion, told]).toEqual([0, undefined, []]);
  });

  test("TLS is acquitted when the connection is lost before any answer, as it was within TLS", () => {
    const { evidence, peer } = met(suspected);
    evidence.lostUnanswered();
    expect([peer.clearTextUntil, peer.tlsSuspicion]).toEqual([0, undefined]);
  });

  test.each<[string, Given]>([
    ["where TLS is not suspected any more", { peer: { clearTextUntil: now } }],
    ["within TLS", { secured: true, peer: { clearTextUntil: now + 1 } }],
  ])("a demand for TLS is a refusal like any %s", (_, given) => {
    expect(met(given).evidence.isForWantOfTls(demandsTls)).toBe(false);
  });

  test("a connection lost within TLS acquits nobody", () => {
    const { evidence, peer } = met({ ...suspected, secured: true });
    evidence.lostUnanswered();
    expect(peer.tlsSuspicion).toBe("bad record");
  });
});

test("what is blamed is not used on the next connection", () => {
  const { evidence, peer, told } = met();
  evidence.blame("TLS", "bad record");
  expect([peer.tlsSuspicion, peer.clearTextUntil, told]).toEqual(["bad record", now + clearTextMs, []]);
  evidence.blame("CHUNKING", "hung");
  expect([peer.noChunkingUntil, peer.noPipeliningUntil]).toEqual([now + quirkMs, 0]);
  expect(told).toEqual([["PeerFeatureDisabled", { host: "mx.test", feature: "CHUNKING", error: "hung" }]]);
});

test("fewer recipients go at once where too many were refused: so many as it names, else half", () => {
  const { evidence, host } = met();
  evidence.learnFromRefusal(40, "452 4.5.3 Too many recipients");
  expect(host.recipientsPerTransaction?.most).toBe(20);
  evidence.learnFromRefusal(20, "452 4.5.3 Too many recipients, limit is 7");
  expect(host.recipientsPerTransaction?.most).toBe(7);
});
