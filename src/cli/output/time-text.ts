/** Instants and ages as people read them. */
import { formatDuration } from "../../core/units/duration.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** Local time, `2026-11-24 06:11:55`. */
export function localTime(instant: string | Date): string {
  const at = new Date(instant);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(at)}`;
}

export function clockTime(instant: string | Date): string {
  const at = new Date(instant);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `3m20s`, `2h5m`, `4d3h`: the two largest units. */
export function age(ms: number): string {
  const units = [86_400_000, 3_600_000, 60_000, 1000];
  const largest = units.findIndex((unit) => ms >= unit);
  if (largest < 0) return ms < 1 ? "0s" : `${Math.round(ms)}ms`;
  const step = units[largest + 1] ?? 1000;
  return formatDuration(Math.floor(ms / step) * step);
}
