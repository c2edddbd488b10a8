/** The same client at a session that enforces a limit, and at one that only looks at it: the one would refuse what the other does. */
import { expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { ReportableLimit } from "../../core/policy/reportable-limits.ts";
import { createTestSession, type TestSession } from "../../testing/test-session.ts";

interface Message {
  readonly declared?: number;
  readonly recipients?: number;
  readonly header?: string;
  readonly bodyBytes?: number;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function lastCode({ written }: TestSession): number {
  return Number(written.trimEnd().split("\r\n").at(-1)?.slice(0, 3));
}

/** As a client does that reads its replies. */
async function handIn(session: TestSession, message: Message): Promise<void> {
  const { declared, recipients = 1, header = "Subject: x\r\n", bodyBytes = 10 } = message;
  session.send(`MAIL FROM:<a@b.example>${declared === undefined ? "" : ` SIZE=${declared}`}\r\n`);
  if (lastCode(session) !== 250) return;
  for (let i = 0; i < recipients; i++) session.send(`RCPT TO:<c${i}@d.example>\r\n`);
  session.send("DATA\r\n");
  session.send(`${header}\r\n`);
  session.send(`${`${"x".repeat(998)}\r\n`.repeat(Math.ceil(bodyBytes / 1000))}.\r\n`);
  await settle();
  for (const accept of session.accepts) await accept.keep();
  await settle();
}

const received = (count: number): string => "Received: by x\r\n".repeat(count);
const long = "X-Note: 0123456789\r\n".repeat(99);
const large = { bodyBytes: 70_000 };
const cases: readonly [ReportableLimit, number, string, readonly (Message | string)[], number][] = [
  ["maxRecipientsPerMessage", 2, "each recipient beyond", [{ recipients: 5 }, { recipients: 2 }], 3],
  ["maxMessageSize", 65_536, "a size that is announced, once", [{ declared: 70_000, ...large }, {}], 1],
  ["maxMessageSize", 65_536, "one that is not, at the end of each message", [large, {}, large], 2],
  ["maxMessageSize", 65_536, "far too much, and nothing behind", [{ bodyBytes: 1_200_000 }, large], 1],
  ["maxHeaderSize", 1_000, "a header, and nothing behind", [{ header: long }, { header: long }], 1],
  [
    "maxHopCount",
    2,
    "each message that goes in circles",
    [{ header: received(3) }, { header: received(4) }, {}],
    2,
  ],
  ["maxProtocolErrors", 1, "the error that is one too many", ["FOO\r\n", "BAR\r\n", "BAZ\r\n", {}], 1],
];

async function served(
  settings: Partial<ReceiveConnectorSettings>,
  script: readonly (Message | string)[],
): Promise<TestSession> {
  const session = createTestSession({ anonymousRelay: true, ...settings });
  session.session.open();
  session.send("EHLO c.example\r\n");
  for (const step of script) {
    if (typeof step === "string") session.send(step);
    else await handIn(session, step);
  }
  return session;
}

/** But for what EHLO says of the size. */
function replies({ written }: TestSession): readonly string[] {
  return written.split("\r\n").filter((line) => !line.startsWith("250-SIZE"));
}

test.each(cases)("%s %d only looked at would refuse %s", async (limit, value, _, script, count) => {
  const facts = ({ refusals }: TestSession) =>
    refusals
      .filter((refusal) => refusal.limit === limit)
      .map(({ kind, configured, seen }) => ({ kind, configured, seen }));
  const enforcing = await served({ [limit]: value }, script);
  expect(facts(enforcing)).toHaveLength(count);
  const plain = await served({ maxProtocolErrors: 99 }, script);
  for (const settings of [
    { maxProtocolErrors: 99, candidate: { [limit]: value } },
    { maxProtocolErrors: 99, [limit]: value, reportOnly: [limit] },
  ]) {
    const looking = await served(settings, script);
    expect(facts(looking)).toEqual(facts(enforcing));
    expect(looking.refusals.filter((one) => one.limit === limit && one.reportOnly !== true)).toEqual([]);
    // Nobody notices.
    expect(replies(looking)).toEqual(replies(plain));
    expect(looking.accepts).toHaveLength(script.filter((step) => typeof step !== "string").length);
  }
});

test("a stricter candidate counts what the enforced value refuses as well", async () => {
  const session = await served({ maxHopCount: 5, candidate: { maxHopCount: 2 } }, [
    { header: received(3) },
    { header: received(9) },
  ]);
  expect(session.refusals.map(({ configured, reportOnly = false }) => [configured, reportOnly])).toEqual([
    [2, true],
    [2, true],
    [5, false],
  ]);
  expect(session.events.filter(({ name }) => name === "WouldBeRefused")).toHaveLength(1);
});
