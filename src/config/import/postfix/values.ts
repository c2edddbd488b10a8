/** Values as Postfix writes them. */
import { formatConfiguredSize } from "../../../core/units/byte-size.ts";
import { formatDuration } from "../../../core/units/duration.ts";
import { parseIpRange } from "../../../core/units/ip-range.ts";

export function isYes(value: string | undefined): boolean {
  return value?.toLowerCase() === "yes";
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `5d`, `300s`, or a number in the parameter's own unit. Undefined: no time. */
export function durationOf(value: string, unit: keyof typeof unitsMs): string | undefined {
  const match = /^(\d{1,9})\s*([smhdw])?$/i.exec(value);
  const factor = unitsMs[(match?.[2] ?? unit).toLowerCase()];
  return match === null || factor === undefined ? undefined : formatDuration(Number(match[1]) * factor);
}

export function countOf(value: string): number | undefined {
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

export function sizeOf(value: string): string | undefined {
  const octets = countOf(value);
  return octets === undefined ? undefined : formatConfiguredSize(octets);
}

/** `192.0.2.0/24`, `[2001:db8::]/32`, `192.0.2` (access tables) as the file would write it. */
export function networkOf(word: string): string | undefined {
  const bare = word.replace(/^\[([^\]]*)\](.*)$/, "$1$2");
  const octets = /^\d{1,3}(?:\.\d{1,3}){0,2}$/.test(bare) ? bare.split(".") : undefined;
  const text =
    octets === undefined
      ? bare
      : `${[...octets, ...Array<string>(4 - octets.length).fill("0")].join(".")}/${octets.length * 8}`;
  return parseIpRange(text).ok ? text : undefined;
}
