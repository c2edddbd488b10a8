/**
 * What is wrong with the lists of a request: too long, or something else in them than may be. Looked at before anything is
 * built of them, and only until enough is found, for every fault that is told costs more than what it is about.
 */
import type { FieldFault } from "../../core/refusals/problem.ts";

/** What is wrong beyond so many is not looked for. */
export const mostFaultsRead = 20;
/** In all lists of them together; a connector that takes more recipients gets them by SMTP. */
export const mostAddresses = 20_000;

/** By path: lists, and objects that are read as lists. */
const mostItems: readonly (readonly [path: readonly string[], most: number])[] = [
  [["to"], mostAddresses],
  [["cc"], mostAddresses],
  [["bcc"], mostAddresses],
  [["reply_to"], mostAddresses],
  [["envelope", "rcpt_to"], mostAddresses],
  [["headers"], 1_000],
  [["attachments"], 500],
  [["dsn", "notify"], 4],
  [["tags"], 10],
  [["metadata"], 10],
];
const addressLists = ["to", "cc", "bcc", "reply_to"];
const mostAddressChars = 1_000;

/** Of objects alone; `isAddress` asks about an address that is no plain string. */
export function listFaults(value: object, isAddress: (one: unknown) => boolean): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [path, most] of mostItems) {
    const length = lengthOf(path.reduce<unknown>(within, value));
    if (length > most) faults.push({ path: path.join("."), message: `has more than ${most} entries` });
  }
  if (faults.length > 0) return faults;
  for (const name of addressLists) {
    const list = within(value, name);
    if (!Array.isArray(list)) continue;
    for (const [index, one] of list.entries()) {
      const isPlain = typeof one === "string" && one !== "" && one.length <= mostAddressChars;
      if (isPlain || isAddress(one)) continue;
      faults.push({ path: `${name}[${index}]`, message: "is no address" });
      if (faults.length > mostFaultsRead) return faults;
    }
  }
  return faults;
}

/** 0 for what has no length. Cost: none but for objects, whose names are counted. */
function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

function within(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
