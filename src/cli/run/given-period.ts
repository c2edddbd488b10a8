/** -Last, and the two instants a period lies between. */
import { readInstant } from "../arguments/instant.ts";
import { numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { CommandFault } from "../exit-code.ts";

export interface Period {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** `from` and `to`: names of the parameters. Throws CommandFault for what is no instant. */
export function periodOf(
  args: Arguments,
  { from, to }: { readonly from: string; readonly to: string },
): Period {
  // Longer than since 1970 is all there is.
  const last = numberOf(args, "Last");
  return {
    from: last === undefined ? instantOf(args, from) : new Date(Math.max(0, Date.now() - last)).toISOString(),
    to: instantOf(args, to),
  };
}

function instantOf(args: Arguments, name: string): string | undefined {
  const text = textOf(args, name);
  if (text === undefined) return undefined;
  const at = readInstant(text, new Date());
  if (at === undefined)
    throw new CommandFault(`-${name} ${text} is no instant; write it like 2026-11-24T06:00, or -Last 1h`, 2);
  return at.toISOString();
}
