/** What differs between two configurations, in words for the log: `receiveConnectors.AppRelay.tarpitInterval 5000 → 0`. */
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import type { AddressSpace } from "../core/policy/send-connector.ts";
import { addressSpaceText, domainText } from "./plain-settings.ts";
import type { Settings } from "./settings.ts";

/** By the name of the setting: secrets are named, not shown, and neither is PEM. */
const secret = /password|secret$|privateKey$|certificates?$/i;
const maxShown = 20;

export function describeChanges(before: Settings, after: Settings): string {
  const changes: string[] = [];
  compare("", before, after, changes);
  if (changes.length === 0) return "nothing that matters";
  const more = changes.length - maxShown;
  return changes.slice(0, maxShown).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

/** Settings that are read at start only, and differ. */
export function needsRestart(before: Settings, after: Settings): string[] {
  return (["hostname", "dataDirectory"] as const).filter((name) => before[name] !== after[name]);
}

function compare(path: string, before: unknown, after: unknown, changes: string[]): void {
  if (Object.is(before, after)) return;
  const left = asEntries(before);
  const right = asEntries(after);
  if (left === undefined || right === undefined) {
    const [from, to] = [show(before), show(after)];
    if (from !== to) changes.push(secret.test(path) ? `${path} changed` : `${path} ${from} → ${to}`);
    return;
  }
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const at = path === "" ? key : `${path}.${key}`;
    if (!left.has(key)) changes.push(`${at} added`);
    else if (!right.has(key)) changes.push(`${at} removed`);
    else compare(at, left.get(key), right.get(key), changes);
  }
}

/** Objects by key, but for those that are a text; lists of named things by name; other lists as one value. */
function asEntries(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    if (!items.every(isNamed)) return undefined;
    return new Map(items.map((item) => [item.name, item]));
  }
  if (typeof value !== "object" || value === null || "text" in value) return undefined;
  return new Map(Object.entries(value));
}

function isNamed(item: unknown): item is { readonly name: string } {
  return typeof item === "object" && item !== null && "name" in item && typeof item.name === "string";
}

const isDomain = (value: object): value is AcceptedDomain => "domain" in value && "subdomains" in value;
const isAddressSpace = (value: object): value is AddressSpace => isDomain(value) && "cost" in value;

function show(value: unknown): string {
  if (value === undefined) return "none";
  if (value === Infinity) return "unlimited";
  return JSON.stringify(value, (key, inner: unknown) => {
    if (secret.test(key)) return "****";
    if (typeof inner === "bigint") return inner.toString();
    if (typeof inner !== "object" || inner === null) return inner;
    if ("text" in inner) return inner.text;
    if (isAddressSpace(inner)) return addressSpaceText(inner);
    if (isDomain(inner)) return domainText(inner);
    return inner;
  });
}
