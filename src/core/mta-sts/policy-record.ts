/** The TXT record at `_mta-sts.DOMAIN`, which says that the domain has a policy, and which (RFC 8461 §3.1). */

export type PolicyRecord =
  | { readonly kind: "record"; readonly id: string }
  /** As without a record; `reason` in words. */
  | { readonly kind: "none"; readonly reason: string };

const versionInFront = "v=STSv1;";
const fieldPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+$/;
const idPattern = /^[A-Za-z0-9]{1,32}$/;

/** `texts`: the strings of each TXT record, joined. Of several that begin as one must, none counts. */
export function readPolicyRecord(texts: readonly string[]): PolicyRecord {
  const records = texts.filter((text) => text.startsWith(versionInFront));
  const [record] = records;
  if (record === undefined) return none(`no TXT record begins with ${versionInFront}`);
  if (records.length > 1) return none(`${records.length} TXT records begin with ${versionInFront}`);
  const fields = record
    .slice(versionInFront.length)
    .split(";")
    .map((field) => field.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (fields.at(-1) === "") fields.pop();
  if (!fields.every((field) => fieldPattern.test(field))) return none("its TXT record is malformed");
  const ids = fields.filter((field) => field.startsWith("id="));
  const id = ids[0]?.slice(3);
  if (id === undefined || ids.length > 1 || !idPattern.test(id))
    return none("its TXT record has no id of 1 to 32 letters and digits");
  return { kind: "record", id };
}

const none = (reason: string): PolicyRecord => ({ kind: "none", reason });
