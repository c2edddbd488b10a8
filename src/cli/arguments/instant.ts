/** Instants as people give them: `2026-11-24T06:00`, `11/24/2026 6:00 AM`, PowerShell's `(Get-Date).AddHours(-1)`. */

const unitMs: Readonly<Record<string, number>> = {
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
};

/** Local time where the text names no zone. Undefined: it is no instant. */
export function readInstant(text: string, now: Date): Date | undefined {
  const trimmed = text
    .trim()
    .replace(/^\[datetime\](?!::)\s*/i, "")
    .replace(/^(["'])(.*)\1$/, "$2");
  const bare =
    /^\(?\s*(?:Get-Date|\[datetime\]::Now)\s*\)?((?:\s*\.\s*(?:Add\w+\(\s*-?[\d.]+\s*\)|Date))*)$/i.exec(
      trimmed,
    );
  if (bare === null) {
    const word = wordInstant(trimmed.toLowerCase(), now);
    if (word !== undefined) return word;
    const at = new Date(trimmed);
    return Number.isNaN(at.getTime()) ? undefined : at;
  }
  let at = now;
  for (const [, unit, amount] of (bare[1] ?? "").matchAll(/Add(\w+)\(\s*(-?[\d.]+)\s*\)|Date/gi)) {
    const ms = unit === undefined ? undefined : unitMs[unit.toLowerCase()];
    if (unit === undefined) at = midnight(at);
    else if (ms === undefined) return undefined;
    else at = new Date(at.getTime() + ms * Number(amount));
  }
  return at;
}

function wordInstant(word: string, now: Date): Date | undefined {
  if (word === "today") return midnight(now);
  if (word !== "yesterday") return undefined;
  const at = midnight(now);
  at.setDate(at.getDate() - 1);
  return at;
}

function midnight(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}
