import { expect, it } from "vitest";
import { spokenRefusals } from "../refusals/catalogue.ts";
import { replies } from "../smtp/reply.ts";
import { tarpitDelay } from "./tarpit.ts";

const settings = { tarpitInterval: 5000, authTarpitInterval: 7000 };

const all = { ...replies, ...spokenRefusals };
const replyOf = (name: keyof typeof all) => {
  const one = all[name];
  return "reply" in one ? one.reply : one;
};

it.each<[keyof typeof all, boolean, boolean, number]>([
  // reply, authenticated, discredited, delay
  ["senderOk", false, false, 0],
  ["senderOk", false, true, 5000],
  ["senderOk", true, true, 0],
  ["unableToRelay", false, false, 5000],
  ["unableToRelay", true, false, 0],
  ["tooManyRecipients", false, false, 0],
  ["authenticationFailed", false, false, 7000],
  ["closing", false, true, 0],
  ["timedOut", false, true, 0],
])("%s, authenticated %s, discredited %s: %s ms", (name, authenticated, discredited, delay) => {
  expect(tarpitDelay(settings, replyOf(name), { authenticated, discredited })).toBe(delay);
});
