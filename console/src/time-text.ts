/** Instants and durations in words of the same width everywhere; local time, 24 hours. */

const day = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
const two = (value: number): string => String(value).padStart(2, "0");

/** `11:25:22`, with the date before it when that is not today. */
export function timeText(at: string): string {
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return day(date) === day(new Date()) ? time : `${day(date)} ${time}`;
}

/** `2026-11-24 11:25:22` */
export function dateTimeText(at: string): string {
  const date = new Date(at);
  return `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `12 ms`, `3.4 s`, `12 min`, `5 h`, `3 days` */
export function durationText(elapsedMs: number): string {
  if (elapsedMs < 1_000) return `${Math.round(elapsedMs)} ms`;
  const seconds = elapsedMs / 1_000;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `in 40 s`, `12 min ago`, `now` */
export function relativeText(at: string): string {
  const awayMs = Date.parse(at) - Date.now();
  if (Math.abs(awayMs) < 1_000) return "now";
  return awayMs > 0 ? `in ${durationText(awayMs)}` : `${durationText(-awayMs)} ago`;
}

/** `4.2 KB`, of 1,024 octets each. */
export function sizeText(octets: number): string {
  if (octets < 1_024) return `${octets} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = octets / 1_024;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString()} ${units[unit] ?? ""}`;
}

/** Instants within a sentence, `2026-11-24T12:07:32.742Z`, as the clock on the wall has them. */
export function localTimes(sentence: string): string {
  return sentence.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, timeText);
}
