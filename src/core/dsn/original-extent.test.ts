import { expect, test } from "vitest";
import { originalExtent } from "./original-extent.ts";

const small = { ret: undefined, sizeBytes: 10 } as const;

test.each([
  ["5.1.1", "550 5.1.1 User unknown", "full"],
  ["5.0.0", "550 No", "full"],
  ["5.3.4", "552 5.3.4 too large", "headers"],
  ["5.2.3", "552 5.2.3 too large", "headers"],
  ["5.2.2", "552 5.2.2 mailbox full", "full"],
  ["5.6.3", "554 5.6.3 8-bit", "headers"],
  ["5.7.1", "550 5.7.1 spam", "headers"],
  ["5.7.509", "550 5.7.509 DMARC", "headers"],
  ["5.0.0", "552 Message size exceeds limit", "headers"],
  ["5.0.0", "554 Message rejected", "headers"],
  ["4.4.7", "550 4.4.7 QUEUE.Expired; message expired (last error: 451 4.7.1 greylisted)", "headers"],
  ["4.4.7", "550 4.4.7 QUEUE.Expired; message expired (last error: connection refused)", "full"],
] as const)("%s %s: %s", (status, text, extent) => {
  const told = { finalRecipient: "a@x.test", status, diagnostic: { text, fromPeer: true } };
  const other = { finalRecipient: "b@x.test", status: "5.1.1" };
  expect(originalExtent("failed", [other, told], small, 10)).toBe(extent);
});

test.each([
  ["delayed", small, 10, "headers"],
  ["failed", { ...small, ret: "HDRS" }, 10, "headers"],
  ["failed", { ...small, ret: "FULL" }, 10, "full"],
  ["failed", { ...small, ret: "FULL" }, 9, "headers"],
] as const)("%s, %j, up to %i: %s", (kind, original, maxAttachBytes, extent) => {
  expect(originalExtent(kind, [{ finalRecipient: "a", status: "5.1.1" }], original, maxAttachBytes)).toBe(
    extent,
  );
});
