/** The period of the record that a question is about. */
import { AdminRefusal } from "../refusal.ts";

export interface AskedPeriod {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Until now, and `usualMs` long, where it is not said. Throws AdminRefusal where it ends before it begins. */
export function periodOf(
  { from, to }: AskedPeriod,
  usualMs: number,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const toMs = to === undefined ? nowMs : Date.parse(to);
  const fromMs = from === undefined ? toMs - usualMs : Date.parse(from);
  if (fromMs >= toMs) throw new AdminRefusal("invalidInput", "the period ends before it begins");
  return { fromMs, toMs };
}
