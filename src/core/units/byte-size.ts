/** Sizes in octets. Exchange's spelling: `n[B|KB|MB|GB|TB]` in powers of 1024; a bare number is octets. */
import { type Parsed, parsed, quoted, unparsable } from "./parsed.ts";

const powers = { B: 0, KB: 1, MB: 2, GB: 3, TB: 4 } as const;
const unitNames = ["B", "KB", "MB", "GB", "TB"] as const;
const style = /^(\d{1,16}(?:\.\d{1,6})?)\s*(B|KB|MB|GB|TB)?(?:\s*\(([\d,]{1,24}) bytes\))?$/i;

/**
 * Reads a size. What `formatByteSize` prints is read back exactly: the octets in parentheses count, as long
 * as the figure before them agrees.
 */
export function parseByteSize(input: string | number): Parsed<number> {
  const text = String(input).trim();
  const match = style.exec(text);
  if (!match) {
    return unparsable(`${quoted(text)} is not a size; write it like 25MB, 64KB or a number of bytes`);
  }
  const unit = (match[2] ?? "B").toUpperCase() as keyof typeof powers;
  const exact = Number(match[1]) * 1024 ** powers[unit];
  const rounded = Math.round(exact);
  if (unit === "B" && rounded !== exact) return unparsable(`${quoted(text)} is not a whole number of bytes`);
  if (!Number.isSafeInteger(rounded)) return unparsable(`${quoted(text)} is too large a size`);
  if (match[3] === undefined) return parsed(rounded);
  const stated = Number(match[3].replaceAll(",", ""));
  // The figure in front is printed with four digits at most.
  if (Math.abs(stated - rounded) > Math.max(1, rounded / 1000)) {
    return unparsable(`${quoted(text)} says two different sizes`);
  }
  return Number.isSafeInteger(stated) ? parsed(stated) : unparsable(`${quoted(text)} is too large a size`);
}

/** Prints as Exchange does: `36 MB (37,748,736 bytes)`, `0 B (0 bytes)`. */
export function formatByteSize(sizeBytes: number): string {
  if (sizeBytes === Infinity) return "unlimited";
  return `${figure(sizeBytes, " ")} (${grouped(sizeBytes)} bytes)`;
}

/** Prints the figure alone: `36 MB`; to four digits. */
export function formatSizeFigure(sizeBytes: number): string {
  return sizeBytes === Infinity ? "unlimited" : figure(sizeBytes, " ");
}

/** As `formatSizeFigure`, but in octets where four digits are not all of it: `2,000 bytes`. */
export function formatExactFigure(sizeBytes: number): string {
  if (sizeBytes === Infinity) return "unlimited";
  const value = sizeBytes / 1024 ** powerOf(sizeBytes);
  return Number(value.toPrecision(4)) === value ? figure(sizeBytes, " ") : `${grouped(sizeBytes)} bytes`;
}

/** A size beside the limit that it exceeds: in octets where the figure does not show that it does, `65,537 bytes` beside `64 KB`. */
export function formatBesideLimit(sizeBytes: number, limitBytes: number): string {
  const text = formatSizeFigure(sizeBytes);
  return text === formatSizeFigure(limitBytes) ? formatExactFigure(sizeBytes) : text;
}

/** Prints what a configuration file would say: `36MB`; a size that is not whole in any unit prints in bytes. */
export function formatConfiguredSize(sizeBytes: number): string {
  if (sizeBytes === Infinity) return "unlimited";
  let power = 0;
  while (power < 4 && sizeBytes > 0 && sizeBytes % 1024 ** (power + 1) === 0) power += 1;
  return power === 0 ? String(sizeBytes) : `${sizeBytes / 1024 ** power}${unitNames[power]}`;
}

/** With commas, as toLocaleString("en-US") has them; that loads tables for 15 ms when it is first used. */
function grouped(sizeBytes: number): string {
  return String(sizeBytes).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Of 1024, that its figure is in. */
function powerOf(sizeBytes: number): number {
  let power = 0;
  while (power < 4 && sizeBytes >= 1024 ** (power + 1)) power += 1;
  return power;
}

function figure(sizeBytes: number, gap: string): string {
  const power = powerOf(sizeBytes);
  const value = sizeBytes / 1024 ** power;
  const digits = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  return `${digits}${gap}${unitNames[power]}`;
}
