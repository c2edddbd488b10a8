/** What a client is shown of its message: what the tracking log tells, and the queue of those that wait. */
import { expect, test } from "vitest";
import type { RecipientState } from "../../spool/spool.ts";
import type { FoundMessage } from "../../spool/spool-inspection.ts";
import { createTestHttpDoor } from "../../testing/test-http-door.ts";
import type { TrackingFilter } from "../../tracking/filter.ts";
import type { TrackingRecord } from "../../tracking/tracking-record.ts";

const received = {
  eventId: "RECEIVE",
  source: "HTTP",
  at: "2026-11-29T10:00:00.000Z",
  sourceContext: "S1;owner=source%20127.0.0.1%20apprelay",
  messageId: "<1@a>",
  messageSubject: "Hi",
  sender: "a@s.test",
  recipients: ["b@d.test"],
  recipientStatus: "",
} satisfies Partial<TrackingRecord>;
const ended = (
  eventId: "SEND" | "FAIL" | "EXPIRE" | "DROP",
  recipient: string,
  recipientStatus = "",
  source = "SMTP",
) => ({ eventId, source, recipients: [recipient], recipientStatus });
const waits = (index: number, given: Partial<RecipientState> = {}): RecipientState => ({
  index,
  attempts: 0,
  delayReported: false,
  ...given,
});

/** `told`: oldest first. */
async function shown(told: readonly object[], waiting: readonly RecipientState[] = [], to = ["b@d.test"]) {
  const asked: TrackingFilter[] = [];
  const it = createTestHttpDoor(
    {},
    {
      history: {
        search(filter) {
          asked.push(filter);
          const all = told as readonly TrackingRecord[];
          const found = all.filter(({ eventId }) => filter.eventIds?.includes(eventId));
          return Promise.resolve(found.toReversed());
        },
      },
      inspection: {
        find: (id) =>
          Promise.resolve(
            id !== 7 || waiting.length === 0
              ? undefined
              : ({
                  message: { envelope: { recipients: to.map((forwardPath) => ({ forwardPath })) } },
                  places: waiting.map((state) => ({ queue: "Out", recipients: [state] })),
                } as unknown as FoundMessage),
          ),
      },
    },
  );
  const one = it.connect();
  one.send("GET /v1/emails/7 HTTP/1.1\r\nHost: x\r\n\r\n");
  const { status, json } = await one.answer();
  return { status, json, asked };
}

test("a message that is delivered", async () => {
  const { status, json, asked } = await shown([received, ended("SEND", "b@d.test", "250 ok")]);
  expect([status, json]).toEqual([
    200,
    {
      object: "email",
      id: "7",
      message_id: "<1@a>",
      from: "a@s.test",
      to: ["b@d.test"],
      subject: "Hi",
      created_at: "2026-11-29T10:00:00.000Z",
      last_event: "delivered",
      recipients: [{ address: "b@d.test", status: "delivered", last_error: null }],
    },
  ]);
  expect(asked.every(({ internalMessageId }) => internalMessageId === 7)).toBe(true);
  // A thousand lines of it are half a million recipients.
  expect(asked[0]?.resultSize).toBeGreaterThanOrEqual(1_000);
});

test("one without Message-ID and subject, of recipients in several lines, in their order", async () => {
  const first = { ...received, messageId: "", messageSubject: "", recipients: ["b@d.test", "c@d.test"] };
  const { json } = await shown([first, { ...received, recipients: ["e@d.test"] }], [waits(0)]);
  expect(json).toMatchObject({ to: ["b@d.test", "c@d.test", "e@d.test"] });
  const { json: bare } = await shown([{ ...received, messageId: "", messageSubject: "" }]);
  expect(bare).toMatchObject({ message_id: null, subject: null });
});

test.each<[string, Partial<RecipientState>, string, string, string | null]>([
  ["is new", {}, "queued", "queued", null],
  ["was tried", { attempts: 1 }, "deferred", "delivery_delayed", null],
  ["was put off", { attempts: 1, lastError: "450 busy" }, "deferred", "delivery_delayed", "450 busy"],
  ["met no host", { lastError: "no route" }, "deferred", "delivery_delayed", "no route"],
  ["is suspended", { suspended: true, attempts: 1 }, "suspended", "delivery_delayed", null],
])("a recipient that %s", async (_, state, status, lastEvent, lastError) => {
  const { json } = await shown([received], [waits(0, state)]);
  expect(json).toMatchObject({
    last_event: lastEvent,
    recipients: [{ address: "b@d.test", status, last_error: lastError }],
  });
});

test.each<[string, object, string, string, string | null]>([
  ["refused", ended("FAIL", "b@d.test", "550 no"), "failed", "bounced", "550 no"],
  ["expired", ended("EXPIRE", "b@d.test"), "failed", "bounced", null],
  ["removed", ended("DROP", "b@d.test", "by hand", "ADMIN"), "removed", "bounced", "by hand"],
  ["taken", ended("SEND", "b@d.test", "250 ok"), "delivered", "delivered", null],
])("a recipient that was %s", async (_, told, status, lastEvent, lastError) => {
  const { json } = await shown([received, told]);
  expect(json).toMatchObject({
    last_event: lastEvent,
    recipients: [{ status, last_error: lastError }],
  });
});

test("of several the worst is said, and who waits again is no more what it was", async () => {
  const to = ["b@d.test", "c@d.test", "e@d.test"];
  const all = { ...received, recipients: to };
  const lastEvent = async (told: readonly object[], waiting: readonly RecipientState[]) =>
    (await shown([all, ...told], waiting, to)).json["last_event"];
  const sent = ended("SEND", "b@d.test");
  expect(await lastEvent([sent], [waits(1), waits(2)])).toBe("queued");
  expect(await lastEvent([sent], [waits(1), waits(2, { attempts: 1 })])).toBe("delivery_delayed");
  expect(await lastEvent([sent, ended("FAIL", "c@d.test")], [waits(2, { attempts: 1 })])).toBe("bounced");
  expect(await lastEvent([ended("FAIL", "b@d.test")], [waits(0), waits(1), waits(2)])).toBe("queued");
});

test.each<[string, readonly object[]]>([
  ["nobody knows", []],
  ["came by SMTP", [{ ...received, source: "SMTP" }]],
  ["is of another client", [{ ...received, sourceContext: "S1;owner=source%2010.0.0.1%20apprelay" }]],
  [
    "is told of by a session of that name",
    [{ ...received, sourceContext: "owner=source%20127.0.0.1%20apprelay" }],
  ],
  ["names another thing so", [{ ...received, sourceContext: "S1;tag.owner=source%20127.0.0.1%20apprelay" }]],
])("one that %s is not there", async (_, told) => {
  const { status, json } = await shown(told, [waits(0)]);
  expect([status, json["name"]]).toEqual([404, "not_found"]);
});
