import { expect, test } from "vitest";
import { createTestSession } from "../../testing/test-session.ts";

const begun = (capture: boolean) => {
  const session = createTestSession({ capture });
  session.send("EHLO c.test\r\nMAIL FROM:<a@b.test>\r\n");
  return session;
};
const said = ({ written }: ReturnType<typeof begun>): string => written.trimEnd().split("\r\n").at(-1) ?? "";

test("slow-10s takes ten seconds, and is taken", async () => {
  const session = begun(true);
  session.send("RCPT TO:<slow-10s@d.test>\r\n");
  await session.clock.advance(9_999);
  expect(said(session)).toBe("250 2.1.0 Sender OK");
  await session.clock.advance(1);
  expect(said(session)).toBe("250 2.1.5 Recipient OK");
});

test("greylist-30s is put off until thirty seconds behind the first try", async () => {
  const session = begun(true);
  const tried = (): string => {
    session.send("RCPT TO:<greylist-30s@d.test>\r\n");
    return said(session).slice(0, 9);
  };
  expect(tried()).toBe("451 4.7.1");
  await session.clock.advance(29_999);
  expect(tried()).toBe("451 4.7.1");
  session.send("RCPT TO:<greylist-30s@other.test>\r\n");
  expect(said(session)).toMatch(/^451/);
  await session.clock.advance(1);
  expect(tried()).toBe("250 2.1.5");
});

test.each(["slow-10s", "greylist-30s", "refuse-550", "refuse-data-554"])(
  "%s is an address as any where the connector does not capture",
  (localPart) => {
    const session = begun(false);
    session.send(`RCPT TO:<${localPart}@d.test>\r\n`);
    expect(said(session)).toBe("250 2.1.5 Recipient OK");
  },
);
