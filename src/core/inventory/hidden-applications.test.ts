import { expect, test } from "vitest";
import { hiddenApplications } from "./hidden-applications.ts";
import { newSender, type Sender } from "./sender.ts";
import { traitOf } from "./traits.ts";

const day = 86_400_000;
const now = 10 * day;

/** So many messages under each name, one an hour, the last `ago` before now. */
function sender(user: string, names: Readonly<Record<string, number>>, ago = 0): Sender {
  const one = newSender("10.0.0.1", user, "10.0.0.1", now - ago - 5 * day);
  one.lastMessageMs = now - ago;
  for (const [name, count] of Object.entries(names)) {
    one.messages += count;
    const trait = traitOf(one.traits, "heloName", name, now - ago - (count - 1) * 3 * 3_600_000);
    trait.count += count;
    trait.lastMs = now - ago;
  }
  return one;
}

test.each<[string, readonly Sender[], string]>([
  ["one name", [sender("", { a: 30 })], "none"],
  ["two names", [sender("", { a: 30, b: 30 })], "heloNames: a, b"],
  ["the same in another case", [sender("", { app: 30, APP: 30 })], "none"],
  ["a test beside it", [sender("", { a: 30, b: 3 })], "none"],
  ["another for an hour", [sender("", { a: 30 }), sender("", {})], "none"],
  ["two accounts", [sender("erp", { a: 30 }), sender("crm", { a: 30 })], "users: crm, erp"],
  ["an account, and anybody", [sender("erp", { a: 30 }), sender("", { a: 30 })], "none"],
  ["the other is gone", [sender("erp", { a: 30 }), sender("crm", { a: 30 }, 8 * day)], "none"],
  [
    "a quarter of all names",
    [sender("", { a: 30, b: 30, ...Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`x${n}`, 2])) })],
    "heloNames: a, b",
  ],
  [
    "less than that",
    [sender("", { a: 30, b: 30, ...Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`x${n}`, 2])) })],
    "none",
  ],
  [
    "another name each time",
    [sender("", Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x${n}`, n < 2 ? 12 : 2])))],
    "none",
  ],
])("%s", (_, senders, expected) => {
  const found = hiddenApplications(senders, now);
  expect(found === undefined ? "none" : `${found.by}: ${found.names.join(", ")}`).toBe(expected);
});

test.each<[string, number, number, number, boolean]>([
  ["ten messages over a day", 10, day, 0, true],
  ["one less", 9, day, 0, false],
  ["over less than a day", 10, day - 1, 0, false],
  ["gone for less than a week", 10, day, 7 * day - 1, true],
  ["gone for a week", 10, day, 7 * day, false],
])("to be an application of its own takes %s", (_, messages, spanMs, agoMs, is) => {
  const senders = ["a", "b"].map((user) => {
    const one = newSender("10.0.0.1", user, "10.0.0.1", now - agoMs - spanMs);
    one.messages = messages;
    one.lastMessageMs = now - agoMs;
    return one;
  });
  expect(hiddenApplications(senders, now) !== undefined).toBe(is);
  const names = ["a", "b"].map((user) => {
    const one = newSender("10.0.0.1", "", "10.0.0.1", 0);
    one.traits.push({
      kind: "heloName",
      name: user,
      firstMs: now - agoMs - spanMs,
      lastMs: now - agoMs,
      count: messages,
    });
    return one;
  });
  expect(hiddenApplications(names, now) !== undefined).toBe(is);
});
