import { expect, it } from "vitest";
import { parseCommand } from "../smtp/command.ts";
import { nothingOffered } from "../smtp/extensions.ts";
import { recipientPath, senderPath } from "./bare-address.ts";

const connector = (defaultDomain: string | undefined, strictAddresses = false) => ({
  fqdn: "relay.test",
  defaultDomain,
  strictAddresses,
});
const sender = (path: string, at: ReturnType<typeof connector>) => {
  const command = parseCommand(Buffer.from(`MAIL FROM:${path}`), nothingOffered);
  return "refused" in command || command.verb !== "MAIL" ? "refused" : senderPath(command, at);
};
const recipient = (path: string, at: ReturnType<typeof connector>) => {
  const command = parseCommand(Buffer.from(`RCPT TO:${path}`), nothingOffered);
  return "refused" in command || command.verb !== "RCPT" ? "refused" : recipientPath(command, at);
};

it.each([
  ["<a@b>", "a@b", "a@b"],
  ["<>", "", ""],
  ["<root>", undefined, "root@contoso.com"],
  ["root", undefined, "root@contoso.com"],
  ["<Postmaster>", undefined, "Postmaster@contoso.com"],
])("sender %s: %s without defaultDomain, %s with it", (path, without, completed) => {
  expect(sender(path, connector(undefined))).toBe(without);
  expect(sender(path, connector("contoso.com"))).toBe(completed);
});

it.each([
  ["<a@b>", { forwardPath: "a@b", domain: "b" }, { forwardPath: "a@b", domain: "b" }],
  ["<bob>", undefined, { forwardPath: "bob@contoso.com", domain: "contoso.com" }],
  [
    "<Postmaster>",
    { forwardPath: "Postmaster@relay.test", domain: "" },
    { forwardPath: "Postmaster@contoso.com", domain: "" },
  ],
  ["<postmasters>", undefined, { forwardPath: "postmasters@contoso.com", domain: "contoso.com" }],
])("recipient %s: %j without defaultDomain, %j with it", (path, without, completed) => {
  expect(recipient(path, connector(undefined))).toEqual(without);
  expect(recipient(path, connector("contoso.com"))).toEqual(completed);
});

it.each(["<.a@b>", "< a@b>", "<a@b>;"])("%s is for strictAddresses to refuse", (path) => {
  expect(sender(path, connector("c"))).not.toBeUndefined();
  expect(sender(path, connector("c", true))).toBeUndefined();
  expect(recipient(path, connector("c"))).not.toBeUndefined();
  expect(recipient(path, connector("c", true))).toBeUndefined();
  expect(sender("<a@b>", connector("c", true))).toBe("a@b");
});
