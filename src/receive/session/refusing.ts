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
  const { state } = parts;
  return refuse(parts, tooManyErrors(state, last, state.connector.maxProtocolErrors));
}

export function tooManyErrors(
  { protocolErrors: seen }: SessionParts["state"],
  last: Refused,
  configured: number,
): Refused {
  const definition: RefusalDefinition = spokenRefusals[last.refused];
  const detail = `the last error: ${last.detail ?? definition.cause}`;
  return refused("tooManyErrors", { configured, seen, detail });
}

function endsMessage({ fields }: Refused): boolean {
  const command = fields?.["command"];
  return command === "MAIL" || command === "RCPT";
}
