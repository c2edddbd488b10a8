import { expect, test } from "vitest";
import { plainRights, settingChanges } from "./plain-settings.ts";

test.each([
  ["a setting", { port: 25 }, { port: 587 }, ["port"]],
  ["one within a section", { oauth: { tenant: "a" } }, { oauth: { tenant: "b" } }, ["oauth.tenant"]],
  [
    "keys that are addresses and patterns",
    { senderMailboxes: { "a@contoso.com": "x@b.example", "*": "y@b.example" } },
    { senderMailboxes: { "a@contoso.com": "z@b.example", "<>": "y@b.example" } },
    ['senderMailboxes["a@contoso.com"]', 'senderMailboxes["*"]', 'senderMailboxes["<>"]'],
  ],
  [
    "a connector called like a host",
    { sendConnectors: { "mx.contoso.com": { port: 25 } } },
    { sendConnectors: { "mx.contoso.com": { port: 26 } } },
    ["sendConnectors.mx.contoso.com.port"],
  ],
])("%s", (_, before, after, settings) => {
  expect(settingChanges(before, after).map(({ setting }) => setting)).toEqual(settings);
});

test("rights: unlimited is said so, and what was not set is null", () => {
  expect(
    plainRights({
      messageRateLimit: Infinity,
      recipientRateLimit: 100,
      sendAs: undefined,
      receiveConnectors: undefined,
    }),
  ).toEqual({
    sendAs: null,
    receiveConnectors: null,
    messageRateLimit: "unlimited",
    recipientRateLimit: 100,
  });
  expect(plainRights({})).toMatchObject({ messageRateLimit: null });
});
