/** Which messages are the same one, and whose. */
import { expect, test } from "vitest";
import { duplicateKey, type DuplicateFacts, type DuplicateOwner } from "./duplicate-key.ts";

const owner: DuplicateOwner = {
  connector: "AppRelay",
  user: undefined,
  application: undefined,
  source: "10.0.0.1",
};
const always = { never: false, success: true, failure: true, delay: true };
const facts: DuplicateFacts = {
  messageId: "<1@a>",
  reversePath: "a@s.test",
  recipients: [{ forwardPath: "b@d.test" }, { forwardPath: "c@d.test", notify: always, orcpt: "rfc822;x" }],
  ret: "HDRS",
  envid: "e",
  requireTls: false,
  contentSha256: Buffer.alloc(32, 1),
};
const [one, two] = facts.recipients as [(typeof facts.recipients)[0], (typeof facts.recipients)[0]];
const keyOf = (about: Partial<DuplicateFacts> = {}, of: Partial<DuplicateOwner> = {}): string =>
  JSON.stringify(duplicateKey({ ...owner, ...of }, { ...facts, ...about }));

test.each<[string, Partial<DuplicateFacts>]>([
  ["nothing differs", {}],
  ["recipients in another order", { recipients: [two, one] }],
  ["a recipient twice", { recipients: [two, one, two] }],
])("the same: %s", (_, about) => {
  expect(keyOf(about)).toBe(keyOf());
});

test.each<[string, Partial<DuplicateFacts>]>([
  ["Message-ID", { messageId: "<2@a>" }],
  ["sender", { reversePath: "b@s.test" }],
  ["a recipient less", { recipients: [one] }],
  ["a recipient more", { recipients: [one, two, { forwardPath: "d@d.test" }] }],
  ["NOTIFY", { recipients: [one, { ...two, notify: { ...always, delay: false } }] }],
  ["no NOTIFY", { recipients: [one, { forwardPath: "c@d.test", orcpt: "rfc822;x" }] }],
  ["ORCPT", { recipients: [one, { ...two, orcpt: "rfc822;y" }] }],
  ["REQUIRETLS", { requireTls: true }],
  ["RET", { ret: "FULL" }],
  ["no RET", { ret: undefined }],
  ["ENVID", { envid: undefined }],
  ["content", { contentSha256: Buffer.alloc(32, 2) }],
])("another message: %s", (_, about) => {
  expect(keyOf(about)).not.toBe(keyOf());
});

test("an owner is a user, else an application, else an address; and nobody sees another's", () => {
  const user = { user: "Erp@contoso.com" };
  expect(keyOf({}, { ...user, source: "10.0.0.2", application: "x" })).toBe(
    keyOf({}, { user: "erp@contoso.com" }),
  );
  expect(keyOf({}, { application: "Shop", source: "10.0.0.2" })).toBe(keyOf({}, { application: "Shop" }));
  expect(keyOf({}, { application: "" })).toBe(keyOf());
  const all = [
    keyOf(),
    keyOf({}, { source: "10.0.0.2" }),
    keyOf({}, { connector: "Other" }),
    keyOf({}, user),
    keyOf({}, { application: "Shop" }),
    keyOf({}, { application: "10.0.0.1" }),
    keyOf({}, { user: "10.0.0.1" }),
  ];
  expect(new Set(all).size).toBe(all.length);
});
