import { expect, test } from "vitest";
import type { IpPreference } from "../core/policy/ip-preference.ts";
import { preferredAddresses } from "./preferred-addresses.ts";

const dns = {
  addresses: (host: string) =>
    Promise.resolve(host === "both.test" ? ["2001:db8::1", "192.0.2.1"] : ["192.0.2.2"]),
};
const asked = async (ipPreference: IpPreference, host: string): Promise<unknown> =>
  preferredAddresses({ ipPreference, sourceIpAddress: undefined }, dns)?.(host).catch(String);

test.each<[IpPreference, host: string, expected: unknown]>([
  ["Automatic", "both.test", undefined],
  ["IPv4First", "both.test", ["192.0.2.1", "2001:db8::1"]],
  ["IPv6First", "four.test", ["192.0.2.2"]],
  ["IPv6Only", "both.test", ["2001:db8::1"]],
  ["IPv6Only", "four.test", "Error: no IPv6 address, and ipPreference is IPv6Only"],
])("%s of %s", async (preference, host, expected) => {
  expect(await asked(preference, host)).toEqual(expected);
});
