/** The relay takes no mail at all: what `/readyz` says. */
import type { Readiness } from "../../metrics/readiness.ts";
import type { Headline } from "./headline.ts";

/** Back pressure has sentences of its own, with figures. */
const isToldElsewhere = (reason: string): boolean => reason.startsWith("back pressure");

export function serviceHeadlines({ reasons }: Pick<Readiness, "reasons">): Headline[] {
  return reasons
    .filter((reason) => !isToldElsewhere(reason))
    .map((reason) => ({ subject: "service", severity: "error", text: `No mail is taken: ${reason}.` }));
}
