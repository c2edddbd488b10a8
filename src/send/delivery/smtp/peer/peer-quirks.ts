/**
 * What a peer is blamed for when a conversation goes wrong, and what follows from it. The facts stand in peer.ts, with
 * how long each is believed. What a peer announces and does not keep to is told once, as an event.
 */
import type { Events } from "../../../../events/events.ts";
import {
  clearTextMs,
  messageLimitMs,
  quirkMs,
  recipientLimitMs,
  stillHolds,
  type NextHopHost,
  type Peer,
} from "./peer.ts";

export type PeerFeature = "CHUNKING" | "PIPELINING";

export function hasBroken(peer: Peer, feature: PeerFeature, now: number): boolean {
  return now < (feature === "CHUNKING" ? peer.noChunkingUntil : peer.noPipeliningUntil);
}

/** It does not keep to an extension that it announces. */
export function blameFeature(
  peer: Peer,
  feature: PeerFeature,
  error: string,
  now: number,
  events: Events,
): void {
  if (hasBroken(peer, feature, now)) return;
  if (feature === "CHUNKING") peer.noChunkingUntil = now + quirkMs;
  else peer.noPipeliningUntil = now + quirkMs;
  events.emit("PeerFeatureDisabled", { host: peer.host.name, feature, error });
}

/** An envelope written behind another's content went wrong: this peer gets no more of them for a while. */
export function blameFollowing(peer: Peer, now: number): void {
  peer.noFollowingUntil = now + quirkMs;
}

/** Something that only TLS can have broken: the next connection is in clear text. It is told when that has worked. */
export function suspectTls(peer: Peer, error: string, now: number): void {
  peer.tlsSuspicion = error;
  peer.clearTextUntil = now + clearTextMs;
}

/** Clear text works where TLS did not. */
export function confirmClearText(peer: Peer, connector: string, events: Events): void {
  if (peer.tlsSuspicion === undefined) return;
  const error = peer.tlsSuspicion;
  peer.tlsSuspicion = undefined;
  events.emit("OpportunisticTlsFailed", {
    connector,
    host: peer.host.name,
    address: peer.address,
    minutes: clearTextMs / 60_000,
    error,
  });
}

/** Clear text fails in the same way: TLS was not the cause. */
export function acquitTls(peer: Peer): void {
  if (peer.tlsSuspicion !== undefined) endClearText(peer);
}

/** Clear text is refused for want of TLS: the next connection tries that again. */
export function endClearText(peer: Peer): void {
  peer.tlsSuspicion = undefined;
  peer.clearTextUntil = 0;
}

/** A command within TLS was answered: what goes wrong in the next minutes is not blamed on TLS. */
export function proveTls(peer: Peer, now: number): void {
  peer.tlsProvenUntil = now + clearTextMs;
}

/** The host takes no more recipients in one transaction. */
export function learnRecipientLimit(host: NextHopHost, most: number, now: number, events: Events): void {
  if (most < 1 || most >= stillHolds(host.recipientsPerTransaction, now)) return;
  host.recipientsPerTransaction = { most, until: now + recipientLimitMs };
  events.emit("PeerLimitLearned", { host: host.name, limit: most, what: "recipients per transaction" });
}

/** The host takes no more messages on one connection. */
export function learnMessageLimit(host: NextHopHost, most: number, now: number, events: Events): void {
  if (most < 1 || most >= stillHolds(host.messagesPerConnection, now)) return;
  host.messagesPerConnection = { most, until: now + messageLimitMs };
  events.emit("PeerLimitLearned", { host: host.name, limit: most, what: "messages per connection" });
}
