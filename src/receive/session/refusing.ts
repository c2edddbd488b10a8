/** A session's refusals: each is told once, and what only follows from one names it. */
import { spokenRefusals, type RefusalDefinition } from "../../core/refusals/catalogue.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";
import type { SessionParts } from "./parts.ts";

/** Tells it; the reply must be sent. */
export function refuse(
  { state, services }: Pick<SessionParts, "state" | "services">,
  what: Refused,
): ToldRefusal {
  const definition: RefusalDefinition = spokenRefusals[what.refused];
  const earlier = state.lastRefusal;
  if (definition.follows === true && earlier !== undefined) return services.refuseAgain(state, what, earlier);
  const reply = services.refuse(state, what);
  if (definition.class !== "protocol" || endsMessage(what)) state.lastRefusal = reply.told;
  return reply;
}

/** In place of the refusal that was one too many (maxProtocolErrors). */
export function refuseTooManyErrors(
  parts: Pick<SessionParts, "state" | "services">,
  last: Refused,
): ToldRefusal {
  const { maxProtocolErrors } = parts.state.connector;
  const definition: RefusalDefinition = spokenRefusals[last.refused];
  return refuse(
    parts,
    refused("tooManyErrors", {
      configured: maxProtocolErrors,
      seen: parts.state.protocolErrors,
      detail: `the last error: ${last.detail ?? definition.cause}`,
    }),
  );
}

function endsMessage({ fields }: Refused): boolean {
  const command = fields?.["command"];
  return command === "MAIL" || command === "RCPT";
}
