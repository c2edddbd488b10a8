/** What a recipient of captured mail asks the relay to do, so that an application's handling of it can be tried. */
import { parseDuration } from "../units/duration.ts";

export type AskedBehaviour =
  /** `refuse-550@…`: RCPT is answered so; `refuse-data-554@…`: the content is. */
  | { readonly kind: "refuse"; readonly at: "recipient" | "content"; readonly code: number }
  /** `slow-10s@…`: the answer to RCPT takes so long. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** `greylist-30s@…`: put off until so long after the first try. */
  | { readonly kind: "greylist"; readonly delayMs: number };

/** Longer than any client waits. */
const longestDelayMs = 10 * 60_000;
/** Of RFC 5321 §4.2.2, those that refuse a recipient or content; 421 closes. */
const codes = new Set([421, 450, 451, 452, 454, 455, 550, 551, 552, 553, 554, 555]);

/** Undefined: nothing is asked, the message is taken as any. In any case. Only for connectors with `capture`. */
export function askedBehaviour(forwardPath: string): AskedBehaviour | undefined {
  const localPart = forwardPath.slice(0, Math.max(0, forwardPath.lastIndexOf("@"))).toLowerCase();
  const refusal = /^refuse-(data-)?(\d{3})$/.exec(localPart);
  if (refusal !== null) {
    const code = Number(refusal[2]);
    const at = refusal[1] === undefined ? "recipient" : "content";
    return codes.has(code) ? { kind: "refuse", at, code } : undefined;
  }
  const delayed = /^(slow|greylist)-(\w+)$/.exec(localPart);
  if (delayed === null) return undefined;
  const [, kind, text = ""] = delayed;
  const delay = parseDuration(text);
  if (!delay.ok || delay.value > longestDelayMs) return undefined;
  return { kind: kind === "slow" ? "slow" : "greylist", delayMs: delay.value };
}

/** RFC 3463, where none is better known. */
export function askedStatus(code: number): string {
  return (
    { 421: "4.3.2", 452: "4.2.2", 550: "5.1.1", 552: "5.2.2", 554: "5.7.1" }[code] ??
    (code < 500 ? "4.7.1" : "5.0.0")
  );
}
