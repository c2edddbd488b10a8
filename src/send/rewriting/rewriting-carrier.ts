/** A carrier whose mail leaves with the senders that the address rewrite entries give it. */
import { domainToASCII } from "node:url";
import { senderRewriting, type AddressRewriteEntry } from "../../core/policy/address-rewriting.ts";
import { SpoolError, type Claim } from "../../spool/spool.ts";
import type { AttemptResult, Carrier } from "../delivery/delivery.ts";
import { unreadResult } from "../delivery/unread-result.ts";
import { rewrittenClaim } from "./rewritten-claim.ts";

/**
 * `entries`: asked for at each message. Whatever stands behind it sees the new senders: signatures, mailboxes, budgets, replies.
 * Cost without an entry for the connector: a comparison a message.
 */
export function rewritingCarrier(
  carrier: Carrier,
  connector: string,
  entries: () => readonly AddressRewriteEntry[],
): Carrier {
  let known = entries();
  let rewrite = senderRewriting(known, connector, domainToASCII);

  const rewritten = async (claim: Claim, by: NonNullable<typeof rewrite>): Promise<AttemptResult> => {
    let own: Claim;
    try {
      own = await rewrittenClaim(claim, by);
    } catch (error) {
      if (error instanceof SpoolError) return unreadResult(claim, error, "");
      throw error;
    }
    return carrier.carry(own);
  };

  return {
    ...carrier,
    carry(claim) {
      const now = entries();
      if (now !== known) {
        known = now;
        rewrite = senderRewriting(now, connector, domainToASCII);
      }
      return rewrite === undefined ? carrier.carry(claim) : rewritten(claim, rewrite);
    },
  };
}
