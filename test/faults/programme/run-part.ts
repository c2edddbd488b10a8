/** Runs one part in a folder of its own. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding, Part, PartOptions } from "./part.ts";
import { missingOf } from "./rig/tools.ts";

/** What a part came to; `skipped` says what it would have needed. */
export type PartResult =
  | { readonly part: string; readonly skipped: readonly string[] }
  | { readonly part: string; readonly findings: readonly Finding[]; readonly tookMs: number };

export async function runPart(part: Part, options: Omit<PartOptions, "folder">): Promise<PartResult> {
  const skipped = missingOf(part.needs);
  if (skipped.length > 0) return { part: part.name, skipped };
  const since = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `weir-faults-${part.name}-`));
  chmodSync(folder, 0o711);
  try {
    const findings = await part.run({ ...options, folder });
    return { part: part.name, findings, tookMs: performance.now() - since };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
