/** Whether a message that must not go in clear text (REQUIRETLS, RFC 8689) may be given to a connection. */
import { needsRequireTlsOffer } from "../../../../core/tls-policy/decide-host-tls.ts";
import type { MessageTls } from "../../../../core/tls-policy/tls-facts.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Verdict } from "../../delivery.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { localVerdict } from "../wire/peer-verdict.ts";

/** Undefined: it may. Cost for all other mail: one comparison. */
export function requireTlsRefusal(
  message: MessageTls | undefined,
  { requireTlsPolicy }: Pick<SmtpSendConnector, "requireTlsPolicy">,
  { requireTls }: Capabilities,
  { secured, isVerified }: { readonly secured: boolean; readonly isVerified: boolean },
): Verdict | undefined {
  if (message !== "required" || requireTlsPolicy === "opportunistic") return undefined;
  // TLS that fails for a while is no reason to return mail.
  if (!secured)
    return localVerdict(
      "4.7.30",
      "451 4.7.30 message says REQUIRETLS, and there is no TLS with the next hop",
    );
  if (!isVerified && requireTlsPolicy === "enforce")
    return localVerdict(
      "5.7.30",
      "550 5.7.30 message says REQUIRETLS, and the next hop's certificate is not verified by name",
    );
  if (requireTls || !needsRequireTlsOffer({ requireTlsPolicy }, message)) return undefined;
  return localVerdict("5.7.30", "550 5.7.30 REQUIRETLS support required, which the next hop does not offer");
}
