import { expect, test } from "vitest";
import { ipRange } from "../units/ip-range.ts";
import { grantsRelay, isOpenRelay, relaysUnauthenticated } from "./open-relay.ts";

const anonymous = {
  enabled: true,
  authMechanism: ["None"],
  permissionGroups: ["AnonymousUsers"],
  anonymousRelay: true,
  remoteIpRanges: [ipRange("0.0.0.0/0")],
  httpBindings: [],
} as const;

test.each<[string, Partial<Parameters<typeof grantsRelay>[0]>, boolean, boolean]>([
  ["anonymous relay", {}, true, true],
  ["no such right", { anonymousRelay: false }, false, false],
  ["no such group", { permissionGroups: ["ExchangeUsers"] }, false, false],
  ["switched off", { enabled: false }, false, false],
  ["a trusted server", { anonymousRelay: false, authMechanism: ["ExternalAuthoritative"] }, true, true],
  [
    "a trusted server, switched off",
    { enabled: false, authMechanism: ["ExternalAuthoritative"] },
    false,
    false,
  ],
  [
    "users that log on",
    { anonymousRelay: false, authMechanism: ["BasicAuth"], permissionGroups: ["ExchangeUsers"] },
    false,
    true,
  ],
  [
    "API keys",
    {
      anonymousRelay: false,
      httpBindings: [{ address: "0.0.0.0", port: 8587 }],
      permissionGroups: ["ExchangeUsers"],
    },
    false,
    true,
  ],
  ["log-on without rights", { anonymousRelay: false, authMechanism: ["BasicAuth"] }, false, false],
  ["rights without log-on", { anonymousRelay: false, permissionGroups: ["ExchangeUsers"] }, false, false],
  [
    "users that log on, switched off",
    { enabled: false, authMechanism: ["BasicAuth"], permissionGroups: ["ExchangeUsers"] },
    false,
    false,
  ],
])("%s", (_, changes, unauthenticated, anybody) => {
  const connector = { ...anonymous, ...changes };
  expect(relaysUnauthenticated(connector)).toBe(unauthenticated);
  expect(grantsRelay(connector)).toBe(anybody);
  expect(isOpenRelay(connector)).toBe(unauthenticated);
});

test.each([
  [["0.0.0.0/0"], true],
  [["::/0"], true],
  [["10.0.0.0/8", "192.168.0.0/16", "fc00::/7"], false],
  [["11.0.0.0/8"], true],
  [["11.0.0.0/9"], false],
  [["11.0.0.0/9", "12.0.0.0/9"], true],
  [["2001:db8::/32"], true],
  [["2001:db8::/33"], false],
  [["11.0.0.0/9", "2001:db8::/33"], false],
  [[], false],
])("%j reaches a large part of the Internet: %s", (ranges, open) => {
  expect(isOpenRelay({ ...anonymous, remoteIpRanges: ranges.map(ipRange) })).toBe(open);
});
