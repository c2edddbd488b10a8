/** Settings that users, applications and whatever else may send have alike: as whom, where and how much. */
import { parseSenderPattern } from "../core/policy/sender-pattern.ts";
import { parseAcceptedDomain } from "./accepted-domain.ts";
import { integer, listOf, name, optionalSetting, parsedText } from "./value-type.ts";

const someOf = (list: readonly unknown[]): boolean => list.length > 0;

export const clientRightsShape = {
  sendAs: optionalSetting(
    listOf(
      parsedText({ kind: "sender" }, (text) => parseSenderPattern(text, parseAcceptedDomain)),
      { kind: "list of senders" },
    ).refine(someOf, {
      error: "is empty; name a sender, or leave sendAs out for any",
    }),
    "anybody",
    'As whom it may send, in MAIL FROM and in From and Sender: `erp@contoso.com`, `contoso.com`, `"*.contoso.com"` with its subdomains, `"erp-*@contoso.com"`, `"<>"` for the null sender.',
  ),
  receiveConnectors: optionalSetting(
    listOf(name(64), { kind: "list of names" }).refine(someOf, {
      error: "is empty; name a receive connector, or leave receiveConnectors out for all",
    }),
    "all",
    "The receive connectors it may send by.",
  ),
  messageRateLimit: optionalSetting(
    integer({ min: 1, max: 2_147_483_647, unlimited: true }),
    "unlimited",
    "Most messages per minute, over all connectors and addresses it sends from.",
  ),
  recipientRateLimit: optionalSetting(
    integer({ min: 1, max: 2_147_483_647, unlimited: true }),
    "unlimited",
    "Most recipients in 24 hours; more are put off with 452.",
  ),
};
