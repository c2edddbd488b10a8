/** Whether what DNS says of a key is what the key's state needs, in words for administrators. */
import type { KeyState } from "./choose-keys.ts";
import { compareRecord, type RecordState } from "./compare-record.ts";

/** What DNS said at a key's name. The answers of `ports/lookup` are of these shapes. */
export type TextAnswer =
  | { readonly kind: "found"; readonly records: readonly string[] }
  | { readonly kind: "nxdomain" | "nodata" }
  | {
      readonly kind: "bogus" | "servfail" | "refused" | "timeout" | "malformed" | "invalid-name";
      readonly detail: string;
    };

export interface RecordVerdict {
  /** `unknown`: DNS could not be asked. */
  readonly dns: RecordState | "unknown";
  /** DNS is as the key's state needs it. */
  readonly ok: boolean;
  /** What was found and what to do, in whole sentences. */
  readonly details: string;
}

/** What the last look at a key that got an answer found. */
export interface LookedUpKey extends RecordVerdict {
  readonly name: string;
  readonly state: KeyState;
  readonly at: Date;
}

/** `record`: what DNS is to say. */
export function judgeRecord(
  { name, state, record }: { readonly name: string; readonly state: KeyState; readonly record: string },
  answer: TextAnswer,
): RecordVerdict {
  if ("detail" in answer)
    return { dns: "unknown", ok: false, details: `DNS could not be asked for ${name}: ${answer.detail}.` };
  const dns = compareRecord(record, answer.kind === "found" ? answer.records : []);
  // Of a retired one nothing is signed: it may be gone, but another key there would spoil mail on its way.
  const ok = dns === "fits" || (state === "retired" && dns !== "differs");
  return { dns, ok, details: sentences[dns](name, state) };
}

const sentences: Readonly<Record<RecordState, (name: string, state: KeyState) => string>> = {
  fits: (name, state) =>
    state === "published"
      ? `DNS has it: weir Set-DkimKey ${name} -State active signs with it.`
      : "DNS has it.",
  differs: (name) =>
    `DNS has another key at ${name}: what this one signs is not believed. weir Get-DkimKey ${name} shows the record.`,
  revoked: (name, state) =>
    state === "retired"
      ? "DNS has revoked it."
      : `DNS says that ${name} is revoked (p= is empty): what it signs is not believed.`,
  missing: (name, state) =>
    state === "retired"
      ? "DNS does not have it any more."
      : `DNS has no key at ${name}. weir Get-DkimKey ${name} shows the record to publish; others may take an hour to see it.`,
};
