import { expect, it } from "vitest";
import { describeChanges } from "./changes.ts";
import type { Settings } from "./settings.ts";

const settings = (parts: object): Settings =>
  ({
    hostname: "relay.test",
    receiveConnectors: [],
    users: [],
    transport: { expiry: 1 },
    ...parts,
  }) as unknown as Settings;

it.each([
  [{}, {}, "nothing that matters"],
  [{}, { hostname: "b" }, 'hostname "relay.test" → "b"'],
  [{ transport: { limit: 5 } }, { transport: { limit: Infinity } }, "transport.limit 5 → unlimited"],
  [
    { receiveConnectors: [{ name: "AppRelay", limit: 20 }] },
    {
      receiveConnectors: [
        { name: "AppRelay", limit: 40 },
        { name: "Other", limit: 1 },
      ],
    },
    "receiveConnectors.AppRelay.limit 20 → 40, receiveConnectors.Other added",
  ],
  [
    { receiveConnectors: [{ name: "A", ranges: [{ text: "10.0.0.0/8", first: 1n }] }, { name: "B" }] },
    { receiveConnectors: [{ name: "A", ranges: [] }] },
    'receiveConnectors.A.ranges ["10.0.0.0/8"] → [], receiveConnectors.B removed',
  ],
  [
    { entries: [{ name: "A", from: { kind: "domain", text: "a.test" }, except: [] }], spaces: [] },
    {
      entries: [
        {
          name: "A",
          from: { kind: "anybody", text: "*" },
          except: [{ domain: "a.test", subdomains: true }],
        },
      ],
      spaces: [
        { domain: "", subdomains: true, cost: 1 },
        { domain: "b.test", subdomains: false, cost: 5 },
      ],
    },
    'entries.A.from "a.test" → "*", entries.A.except [] → ["*.a.test"], spaces [] → ["*","b.test;5"]',
  ],
  [
    { users: [{ name: "app", passwordHash: "$scrypt$a" }] },
    { users: [{ name: "app", passwordHash: "$scrypt$b" }] },
    "users.app.passwordHash changed",
  ],
])("%#", (before, after, said) => {
  expect(describeChanges(settings(before), settings(after))).toBe(said);
});
