/**
 * Durations, kept in milliseconds. Two spellings: units (`500ms`, `2s`, `5m`, `1h30m`, `2d`) and Exchange's
 * time span (`[dd.]hh:mm:ss[.fff]`).
 */
import { type Parsed, parsed, quoted, unparsable } from "./parsed.ts";

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

const unitStyle =
  /^(?:(\d{1,12})\s*d)?\s*(?:(\d{1,12})\s*h)?\s*(?:(\d{1,12})\s*m)?\s*(?:(\d{1,12})\s*s)?\s*(?:(\d{1,12})\s*ms)?$/;
const spanStyle = /^(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;
const example = "write it like 30s, 5m, 1h30m or 00:05:00";

/** Reads a duration. A bare number other than 0 is refused: it does not say its unit. */
export function parseDuration(input: string | number): Parsed<number> {
  const text = String(input).trim();
  if (text === "0") return parsed(0);
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) {
    return unparsable(`${quoted(text)} is a number without a unit; ${example}`);
  }
  const inUnits = text === "" ? null : unitStyle.exec(text);
  if (inUnits) {
    const ms = units.reduce((sum, [, unitMs], index) => sum + Number(inUnits[index + 1] ?? 0) * unitMs, 0);
    return bounded(ms, text);
  }
  const span = spanStyle.exec(text);
  if (!span) return unparsable(`${quoted(text)} is not a duration; ${example}`);
  const [hours, minutes, seconds] = [Number(span[2]), Number(span[3]), Number(span[4])];
  if (hours > 23) return unparsable(`${quoted(text)} has more than 23 hours; write days as 1.00:00:00 or 1d`);
  if (minutes > 59 || seconds > 59) return unparsable(`${quoted(text)} has minutes or seconds above 59`);
  const fractionMs = Number((span[5] ?? "").padEnd(3, "0").slice(0, 3));
  const days = Number(span[1] ?? 0);
  return bounded((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + fractionMs, text);
}

function bounded(ms: number, text: string): Parsed<number> {
  return Number.isSafeInteger(ms) ? parsed(ms) : unparsable(`${quoted(text)} is too long a time`);
}

/** Prints whole milliseconds as `1h30m`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === Infinity) return "unlimited";
  let rest = Math.round(ms);
  if (rest === 0) return "0s";
  let text = "";
  for (const [unit, unitMs] of units) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** Prints as Exchange does: `[d.]hh:mm:ss[.fff]`. */
export function formatTimeSpan(ms: number): string {
  if (ms === Infinity) return "unlimited";
  const whole = Math.round(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const days = Math.floor(whole / 86_400_000);
  const clock = `${two(Math.floor(whole / 3_600_000) % 24)}:${two(Math.floor(whole / 60_000) % 60)}:${two(Math.floor(whole / 1000) % 60)}`;
  const fraction = whole % 1000 === 0 ? "" : `.${String(whole % 1000).padStart(3, "0")}`;
  return `${days > 0 ? `${days}.` : ""}${clock}${fraction}`;
}
