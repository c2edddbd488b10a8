import { expect, it } from "vitest";
import { ipRange, parseAddress } from "../units/ip-range.ts";
import { applicationOf, turnTaker, type ApplicationPriority } from "./application.ts";

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

it.each<[ApplicationPriority | undefined, ApplicationPriority | undefined, string, number]>([
  [undefined, undefined, "Shop", 4],
  ["High", undefined, "Shop", 16],
  ["High", "Normal", "Shop (Normal)", 4],
  ["High", "Low", "Shop (Low)", 1],
  [undefined, "Low", "Shop (Low)", 1],
  // Nobody gets more than its application has.
  [undefined, "High", "Shop", 4],
  ["Low", "High", "Shop", 1],
])(
  "of an application with priority %s a message with %s takes turns as %s with %i",
  (own, asked, name, weight) => {
    const named = [{ ...application("Shop", []), ...(own === undefined ? {} : { priority: own }) }];
    const origin = {
      connector: "In",
      sourceAddress: "10.0.0.1",
      helloName: "",
      sessionId: "",
      application: "shop",
    };
    const taker = turnTaker(named, asked === undefined ? origin : { ...origin, priority: asked });
    expect([taker.application.toLowerCase(), taker.weight]).toEqual([name.toLowerCase(), weight]);
  },
);
