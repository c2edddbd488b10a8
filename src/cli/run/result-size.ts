/** -ResultSize: a number, or Unlimited. */
import { textOf, type Arguments } from "../arguments/value.ts";
import { CommandFault } from "../exit-code.ts";

/** Undefined when it was not given. Throws CommandFault for what is neither. */
export function resultSizeOf(args: Arguments): number | undefined {
  const text = textOf(args, "ResultSize");
  if (text === undefined) return undefined;
  if (text.toLowerCase() === "unlimited") return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandFault(`-ResultSize takes a whole number above 0 or Unlimited, not ${text}`, 2);
}
