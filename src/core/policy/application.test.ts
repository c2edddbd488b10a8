import { expect, it } from "vitest";
import { ipRange, parseAddress } from "../units/ip-range.ts";
import { applicationOf } from "./application.ts";

const application = (name: string, addresses: readonly string[], users: readonly string[] = []) => ({
  name,
  owner: undefined,
  purpose: undefined,
  addresses: addresses.map(ipRange),
  users,
});
const applications = [
  application("Servers", ["10.0.0.0/8"]),
  application("Helpdesk", ["10.1.4.7", "2001:db8::/64"], ["helpdesk"]),
  application("Printers", ["10.1.0.0/16"]),
];

it.each([
  ["10.1.4.7", undefined, "Helpdesk"],
  ["10.1.4.8", undefined, "Printers"],
  ["10.2.0.1", undefined, "Servers"],
  ["10.2.0.1", "HelpDesk", "Helpdesk"],
  ["10.2.0.1", "nobody", "Servers"],
  ["2001:db8::9", undefined, "Helpdesk"],
  ["192.0.2.1", undefined, undefined],
])("%s as %s is %s", (text, user, name) => {
  const address = parseAddress(text);
  expect(address && applicationOf(applications, { address, user })?.name).toBe(name);
});
