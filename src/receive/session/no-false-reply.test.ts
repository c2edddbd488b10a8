/**
 * Whatever a client pipelines, whenever the session is timed out, stopped or aborted, and however late the spool
 * answers: what was kept has its 250 at its place, unless the connection broke first; nothing runs behind the last reply.
 */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Refused } from "../../core/refusals/refusal.ts";
import { createTestSession, type TestSession } from "../../testing/test-session.ts";

type Step =
  | { readonly kind: "send"; readonly what: Sent; readonly flush: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: Happening };

type Sent = "message" | "chunks" | "refused" | "unknown" | "auth" | "noop" | "rset" | "quit" | "half";
type Happening =
  | "keep"
  | "refuse"
  | "authenticated"
  | "denied"
  | "rate"
  | "timedOut"
  | "stop"
  | "abort"
  | "finish"
  | "hangUp"
  | "stall"
  | "readOn";

const weighted = <Name extends string>(weights: Readonly<Record<Name, number>>): fc.Arbitrary<Name> =>
  fc.constantFrom(
    ...(Object.keys(weights) as Name[]).flatMap((name) => Array<Name>(weights[name]).fill(name)),
  );

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      what: weighted({
        message: 6,
        chunks: 3,
        auth: 3,
        refused: 2,
        unknown: 1,
        noop: 1,
        rset: 1,
        quit: 1,
        half: 1,
      }),
      flush: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1_000, 5_000, 40_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: weighted({
        keep: 4,
        refuse: 1,
        authenticated: 1,
        denied: 1,
        rate: 3,
        timedOut: 3,
        stop: 2,
        abort: 1,
        finish: 1,
        hangUp: 1,
        stall: 1,
        readOn: 1,
      }),
    }),
  },
);

const settings = fc.record({
  tarpitInterval: fc.constantFrom(0, 5_000),
  maxAcknowledgementDelay: fc.constantFrom(0, 30_000),
  discredited: fc.boolean(),
  waitsForRate: fc.boolean(),
});

/** What the client sent, in the order of the replies that must come: the id of a message where its content is answered. */
interface Client {
  readonly expected: (string | undefined)[];
  messages: number;
}

function octetsOf(what: Sent, client: Client): string {
  const { expected } = client;
  const other = (text: string): string => {
    expected.push(undefined);
    return `${text}\r\n`;
  };
  const transaction = (): string => other("MAIL FROM:<a@b.example>") + other("RCPT TO:<c@d.example>");
  switch (what) {
    case "message": {
      const id = `<m${client.messages++}@b.example>`;
      const start = transaction() + other("DATA");
      expected.push(id);
      return `${start}Message-ID: ${id}\r\n\r\nx\r\n.\r\n`;
    }
    case "chunks": {
      const id = `<m${client.messages++}@b.example>`;
      const header = `Message-ID: ${id}\r\n\r\n`;
      const start = transaction() + other(`BDAT ${header.length}`).concat(header);
      expected.push(id);
      return `${start}BDAT 3 LAST\r\nx\r\n`;
    }
    case "refused":
      return other("RCPT TO:<broken");
    case "unknown":
      return other("XYZZY");
    case "auth":
      return other(`AUTH PLAIN ${Buffer.from("\0app\0x").toString("base64")}`);
    case "noop":
      return other("NOOP");
    case "rset":
      return other("RSET");
    case "quit":
      return other("QUIT");
    case "half":
      return "";
  }
}

/** The last lines of the replies. */
const repliesOf = (test: TestSession): string[] =>
  test.written.split("\r\n").filter((line) => /^\d{3} /.test(line));

it("a message that was kept has its 250, and nothing runs behind a closing reply", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 30 }), settings, async (script, given) => {
      const logOns: ((genuine: boolean) => void)[] = [];
      const rates: ((refusal: Refused | undefined) => void)[] = [];
      const test = createTestSession(
        {
          tarpitInterval: given.tarpitInterval,
          maxAcknowledgementDelay: given.maxAcknowledgementDelay,
          maxProtocolErrors: 20,
          authMechanism: ["BasicAuth"],
          permissionGroups: ["ExchangeUsers", "AnonymousUsers"],
        },
        {
          authenticate: () =>
            new Promise((resolve) =>
              logOns.push((genuine) =>
                resolve(genuine ? { user: "app" } : { denied: "the password is wrong" }),
              ),
            ),
          refuseMessage: () =>
            given.waitsForRate ? new Promise((resolve) => rates.push(resolve)) : undefined,
          isDiscredited: () => given.discredited,
        },
      );
      const client: Client = { expected: [undefined], messages: 0 };
      let unsent = "EHLO c.example\r\n";
      let aborted = false;
      /** How many contents were handed to the spool when the last reply was written. */
      let beganAtClose: number | undefined;
      const look = (): void => {
        const last = repliesOf(test).at(-1) ?? "";
        if (/^(?:421|221) /.test(last)) beganAtClose ??= test.accepts.length;
      };
      const happen = async (step: Step): Promise<void> => {
        switch (step.kind) {
          case "send":
            unsent += octetsOf(step.what, client);
            if (!step.flush) break;
            test.send(unsent);
            unsent = "";
            break;
          case "wait":
            await test.clock.advance(step.ms);
            break;
          case "keep":
            await test.accepts.at(-1)?.keep();
            break;
          case "refuse":
            test.accepts.at(-1)?.refuse("failed");
            break;
          case "authenticated":
          case "denied":
            logOns.shift()?.(step.kind === "authenticated");
            break;
          case "rate":
            rates.shift()?.(undefined);
            break;
          case "timedOut":
            test.session.timedOut();
            break;
          case "stop":
            test.session.stop();
            break;
          case "abort":
            test.session.abort();
            aborted = true;
            break;
          case "finish":
            test.finish();
            break;
          case "hangUp":
            test.hangUp();
            break;
          case "stall":
            test.stall();
            break;
          case "readOn":
            test.readOn();
            break;
        }
        look();
        await new Promise((resolve) => setImmediate(resolve));
        look();
      };

      for (const step of script) await happen(step);
      test.send(unsent);
      // Everything that is late comes at last.
      test.readOn();
      for (let turn = 0, before = ""; turn < 60; turn++) {
        rates.shift()?.(undefined);
        logOns.shift()?.(false);
        await Promise.all(test.accepts.map((accept) => accept.keep()));
        await test.clock.advance(60_000);
        look();
        if (test.written === before && test.clock.pendingTimers === 0) break;
        before = test.written;
      }

      const said = repliesOf(test);
      const closedAt = said.findIndex((line) => /^(?:421|221) /.test(line));
      if (closedAt !== -1) expect(closedAt).toBe(said.length - 1);
      if (beganAtClose !== undefined) expect(test.accepts).toHaveLength(beganAtClose);
      for (const [place, line] of said.entries()) {
        const id = /^250 2\.6\.0 (<m\d+@b\.example>)/.exec(line)?.[1];
        if (id !== undefined) {
          expect(client.expected[place]).toBe(id);
          expect(test.kept).toContain(id);
        }
      }
      const answered = said.join("\n");
      const broke = test.ended === "gone" || test.ended === "broken" || aborted;
      for (const id of test.kept) {
        if (!answered.includes(`250 2.6.0 ${id}`)) expect(broke).toBe(true);
      }
      expect(test.events.map(({ name }) => name)).not.toContain("RelayFault");
    }),
    { numRuns: 75 },
  );
});
