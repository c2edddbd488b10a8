/** What one connection shows of its peer: what works on it is proof, what goes wrong is blamed on something. */
import { smallerRecipientCount } from "../../../../core/policy/peer-limits.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Events } from "../../../../events/events.ts";
import type { Clock } from "../../../../ports/ports.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { isAboutClientCertificate, wantsTls } from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import type { Peer } from "./peer.ts";
import {
  acquitTls,
  blameFeature,
  blameFollowing,
  confirmClearText,
  endClearText,
  hasBroken,
  learnRecipientLimit,
  proveTls,
  suspectTls,
  type PeerFeature,
} from "./peer-quirks.ts";

export interface EvidenceContext {
  readonly connector: SmtpSendConnector;
  readonly events: Events;
  readonly clock: Clock;
}

export class PeerEvidence {
  private readonly peer: Peer;
  private readonly secured: boolean;
  private readonly isTlsRequired: boolean;
  private readonly capabilities: Capabilities;
  private readonly context: EvidenceContext;
  /** In clear text, since TLS failed here. */
  private readonly insteadOfTls: boolean;
  private mailWasAnswered = false;

  constructor(
    peer: Peer,
    { secured, isTlsRequired }: { readonly secured: boolean; readonly isTlsRequired: boolean },
    capabilities: Capabilities,
    context: EvidenceContext,
  ) {
    this.peer = peer;
    this.secured = secured;
    this.insteadOfTls = !secured && context.clock.now() < peer.clearTextUntil;
    this.isTlsRequired = isTlsRequired;
    this.capabilities = capabilities;
    this.context = context;
  }

  /** BDAT may be used. */
  get chunking(): boolean {
    const { capabilities, context, peer } = this;
    return (
      capabilities.chunking &&
      context.connector.chunkingEnabled &&
      (peer.noChunkingUntil === 0 || !hasBroken(peer, "CHUNKING", context.clock.now()))
    );
  }

  get pipelining(): boolean {
    const { capabilities, context, peer } = this;
    return (
      capabilities.pipelining &&
      context.connector.pipeliningEnabled &&
      (peer.noPipeliningUntil === 0 || !hasBroken(peer, "PIPELINING", context.clock.now()))
    );
  }

  /** More than the RFC's groups may go out in one flight. */
  get following(): boolean {
    return this.context.clock.now() >= this.peer.noFollowingUntil;
  }

  /** TLS is in use, not required, and has not shown here that it works. */
  get mayBlameTls(): boolean {
    const { context, peer } = this;
    return (
      this.secured &&
      !this.mailWasAnswered &&
      !this.isTlsRequired &&
      context.clock.now() >= peer.tlsProvenUntil
    );
  }

  /** The peer demands the TLS that failed: it says nothing of the sender or the message. */
  isForWantOfTls(reply: PeerReply): boolean {
    return this.insteadOfTls && wantsTls(reply);
  }

  mailAnswered(reply: PeerReply): void {
    if (this.isForWantOfTls(reply)) return endClearText(this.peer);
    if (this.mailWasAnswered) return;
    const { context, peer } = this;
    if (this.secured) {
      if (isAboutClientCertificate(reply)) return;
      proveTls(peer, context.clock.now());
    } else if (peer.tlsSuspicion !== undefined) {
      confirmClearText(peer, context.connector.name, context.events);
    }
    this.mailWasAnswered = true;
  }

  blame(what: PeerFeature | "TLS", error: string): void {
    const { context, peer } = this;
    const now = context.clock.now();
    if (what === "TLS") suspectTls(peer, error, now);
    else blameFeature(peer, what, error, now, context.events);
  }

  /** What was written behind another's content was lost with the connection. */
  blameFollowing(): void {
    blameFollowing(this.peer, this.context.clock.now());
  }

  /** The connection was lost before a reply came to its transaction. */
  lostUnanswered(): void {
    // Clear text is lost at the first command as TLS was.
    if (!this.mailWasAnswered && !this.secured) acquitTls(this.peer);
  }

  /** The host takes so many recipients in one transaction, and no more. */
  learnRecipientLimit(most: number): void {
    learnRecipientLimit(this.peer.host, most, this.context.clock.now(), this.context.events);
  }

  /** So many recipients were too many, the peer said at DATA or at the end of data. */
  learnFromRefusal(recipients: number, text: string): void {
    this.learnRecipientLimit(smallerRecipientCount(recipients, text));
  }
}
