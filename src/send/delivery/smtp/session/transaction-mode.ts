/** How the next transaction of a connection is to go: what the peer offers and keeps to, what is set, what was learned. */
import { tightest, type PeerLimits } from "../../../../core/policy/peer-limits.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Clock } from "../../../../ports/ports.ts";
import type { Job } from "../job/job.ts";
import type { PeerEvidence } from "../peer/peer-evidence.ts";
import { stillHolds, type Peer } from "../peer/peer.ts";
import type { TransactionMode } from "../transaction/transaction-contract.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";

/** `limits`: set and announced; those learned hold for the host. */
export function modeFor(
  { chunkingFault, recipients }: Job,
  { host }: Peer,
  limits: PeerLimits,
  evidence: PeerEvidence,
  clock: Clock,
): TransactionMode {
  const learned = stillHolds(host.recipientsPerTransaction, clock.now());
  return {
    pipelining: evidence.pipelining,
    chunking: evidence.chunking && chunkingFault === undefined,
    mostRecipients: recipients.length === 1 ? 1 : Math.min(limits.recipientsPerTransaction, learned),
  };
}

/** Exchange: 0 is no limit. */
export function limitsFor(
  { maxRecipientsPerTransaction, smtpMaxMessagesPerConnection }: SmtpSendConnector,
  { limits }: Capabilities,
): PeerLimits {
  const set: PeerLimits = {
    recipientsPerTransaction: maxRecipientsPerTransaction || Infinity,
    messagesPerConnection: smtpMaxMessagesPerConnection || Infinity,
  };
  return tightest(set, limits);
}
