/** What time does to a session: timeouts, tarpit, message rate. Time is a fake clock's. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { type FakeClock, createFakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

const second = 1000;
const minute = 60 * second;
const timedOut = "421 4.4.1 Connection timed out";

let clock: FakeClock;
let relay: TemporaryRelay;
let client: ScriptedClient;

async function start(connector: Partial<ReceiveConnectorSettings>): Promise<void> {
  clock = createFakeClock();
  relay = await startTemporaryRelay({
    receiveConnectors: [receiveConnector(connector)],
    ports: { clock },
  });
  client = await greeted();
}
async function greeted(): Promise<ScriptedClient> {
  const one = await connectScriptedClient({ port: relay.port });
  await one.expect(220);
  return one;
}
const mailTransaction = async (): Promise<void> => {
  await client.command("EHLO c.example");
  await client.command("MAIL FROM:<a@b.example>");
  await client.command("RCPT TO:<c@d.example>");
};
/** True when nothing was answered by now; time stands still meanwhile. */
const unanswered = async (): Promise<boolean> => {
  await clock.settle();
  return client.silent();
};

afterEach(async () => {
  client.close();
  const stopped = relay.stop();
  await clock.advance(30 * second);
  await stopped;
});

describe("connectionInactivityTimeout 5 min, connectionTimeout 10 min", () => {
  beforeEach(() => start({}));

  test("an idle client is told and closed", async () => {
    await clock.advance(5 * minute - second);
    expect(await unanswered()).toBe(true);
    await clock.advance(2 * second);
    await client.expect(timedOut);
    await client.closed();
  });

  test("a command begins the time anew", async () => {
    await clock.advance(4 * minute);
    expect((await client.command("NOOP")).code).toBe(250);
    await clock.advance(4 * minute);
    expect((await client.command("NOOP")).code).toBe(250);
  });

  test("half a command holds no session open", async () => {
    client.send("NOO");
    await clock.settle();
    await clock.advance(5 * minute + second);
    await client.expect(timedOut);
    await client.closed();
  });

  test("an idle client inside DATA is told and closed, and nothing is kept", async () => {
    await mailTransaction();
    await client.command("DATA");
    client.send("Subject: x\r\n\r\nhalf a mess");
    await clock.settle();
    await clock.advance(5 * minute + second);
    await client.expect(timedOut);
    await client.closed();
    expect(relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0)).toBe(0);
  });

  test.each(["x\n.\n", "x\n.\r\n", "x\r\n.\n", "x\r.\r", "x\r\r\n.\r\r\n", "x\n.\nQUIT\n", ".\n"])(
    "a client whose end of data is %j is told what is wrong, before it gives up",
    async (content) => {
      await mailTransaction();
      await client.command("DATA");
      client.send(content);
      await clock.settle();
      await clock.advance(9 * second);
      expect(await unanswered()).toBe(true);
      await clock.advance(2 * second);
      await client.expect("550 5.6.11 SMTP; lines must end in CR and LF");
      await client.closed();
    },
  );

  test("what looks like an end of data within it ends nothing", async () => {
    await mailTransaction();
    await client.command("DATA");
    client.send("x\n.\n");
    await clock.settle();
    await clock.advance(9 * second);
    client.send("goes on");
    await clock.settle();
    await clock.advance(minute);
    client.send("\r\n.\r\n");
    await client.expect(250);
  });

  test("an idle client inside a chunk is told and closed", async () => {
    await mailTransaction();
    client.send("BDAT 100 LAST\r\nten octets");
    await clock.settle();
    await clock.advance(5 * minute + second);
    await client.expect(timedOut);
    await client.closed();
  });

  test("a busy client is closed when its whole time is over", async () => {
    for (let i = 0; i < 9; i++) {
      await clock.advance(minute);
      expect((await client.command("NOOP")).code).toBe(250);
    }
    await clock.advance(minute + second);
    await client.expect(timedOut);
    await client.closed();
  });

  test("a client that trickles content is closed when its whole time is over", async () => {
    await mailTransaction();
    await client.command("DATA");
    for (let i = 0; i < 12 && client.silent(); i++) {
      client.send("x\r\n");
      await clock.advance(minute);
    }
    await client.expect(timedOut);
    await client.closed();
  });
});

describe("connectionTimeout 10 min, maxAcknowledgementDelay 1 h", () => {
  beforeEach(() => start({ maxAcknowledgementDelay: 60 * minute }));

  test("a message that waits for its delivery is acknowledged before the client is closed", async () => {
    await mailTransaction();
    await client.command("DATA");
    client.send("Message-ID: <one@b.example>\r\n\r\nx\r\n.\r\nMAIL FROM:<late@b.example>\r\n");
    await expect.poll(() => relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0)).toBe(1);
    expect(await unanswered()).toBe(true);
    await clock.advance(10 * minute + second);
    await client.expect("250 2.6.0 <one@b.example>");
    await client.expect(timedOut);
    expect((await client.closed()).length).toBe(0);
  });
});

describe("tarpitInterval 5 s", () => {
  beforeEach(() => start({ tarpitInterval: 5 * second, anonymousRelay: false }));

  test("an error is answered late, what came behind it after it", async () => {
    await client.command("EHLO c.example");
    await client.command("MAIL FROM:<a@b.example>");
    client.send("RCPT TO:<c@elsewhere.example>\r\nNOOP\r\n");
    expect(await unanswered()).toBe(true);
    await clock.advance(4 * second);
    expect(await unanswered()).toBe(true);
    await clock.advance(2 * second);
    await client.expect("550 5.7.54");
    await client.expect(250);
  });

  test("good commands are answered at once", async () => {
    expect((await client.command("EHLO c.example")).code).toBe(250);
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
  });

  test("a client that leaves leaves nothing behind", async () => {
    await client.command("EHLO c.example");
    await client.command("MAIL FROM:<a@b.example>");
    client.send("RCPT TO:<c@elsewhere.example>\r\n");
    await clock.settle();
    client.reset();
    await clock.advance(10 * second);
    expect(relay.relay.sessions).toBe(0);
  });

  test("who leaves a refusal waits for each reply for a minute, which leaving again does not prolong, and it shows", async () => {
    const discredits = () => relay.relay.discredits().length;
    const leave = async (line: string): Promise<void> => {
      client.send(line);
      await clock.settle();
      client.reset();
      await expect.poll(() => relay.relay.sessions).toBe(0);
    };
    const again = async (): Promise<void> => {
      client = await connectScriptedClient({ port: relay.port });
      await client.expect(220);
    };
    await client.command("EHLO c.example");
    await client.command("MAIL FROM:<a@b.example>");
    await leave("RCPT TO:<c@elsewhere.example>\r\n");
    expect(discredits()).toBe(1);
    await clock.advance(40 * second);
    await again();
    await leave("EHLO c.example\r\n");
    await again();
    client.send("EHLO c.example\r\n");
    expect(await unanswered()).toBe(true);
    await clock.advance(5 * second + 500);
    await client.expect(250);
    await clock.advance(15 * second);
    expect(discredits()).toBe(0);
    expect((await client.command("NOOP")).code).toBe(250);
  });
});

test("a message that is taken ends the discredit", async () => {
  await start({ tarpitInterval: 5 * second });
  await client.command("EHLO c.example");
  client.send("MAIL FROM:<a@>\r\n");
  await clock.settle();
  client.reset();
  await expect.poll(() => relay.relay.discredits().length).toBe(1);
  client = await connectScriptedClient({ port: relay.port });
  await client.expect(220);
  client.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
  for (const code of [250, 250, 250, 354]) {
    await clock.settle();
    await clock.advance(5 * second);
    await client.expect(code);
  }
  client.send("Subject: x\r\n\r\nbody\r\n.\r\n");
  await client.expect(250);
  expect(relay.relay.discredits()).toEqual([]);
  expect((await client.command("NOOP")).code).toBe(250);
});

describe("authTarpitInterval 5 s", () => {
  beforeEach(() =>
    start({
      authTarpitInterval: 5 * second,
      authMechanism: ["Tls", "BasicAuth"],
      permissionGroups: ["ExchangeUsers", "AnonymousUsers"],
    }),
  );

  test("a failed log-in is answered late", async () => {
    await client.command("EHLO c.example");
    const pending = client.command("AUTH PLAIN AG5vYm9keQBub3Ro");
    // The password is checked on another thread: time goes on only when that has ended.
    await expect.poll(() => relay.events.some(({ definition }) => definition.id === 1035)).toBe(true);
    expect(await unanswered()).toBe(true);
    await clock.advance(6 * second);
    expect((await pending).code).toBe(535);
  });
});

describe("messageRateLimit 3 a minute", () => {
  beforeEach(() => start({ messageRateLimit: 3 }));

  const send = async (one: ScriptedClient): Promise<string> => {
    const { last } = await one.command("MAIL FROM:<a@b.example>");
    if (last.startsWith("250")) await one.command("RSET");
    return last;
  };
  const fresh = async (): Promise<ScriptedClient> => {
    const one = await greeted();
    await one.command("EHLO c.example");
    return one;
  };

  test("the fourth MAIL of a minute closes the session", async () => {
    await client.command("EHLO c.example");
    for (let i = 0; i < 3; i++) expect(await send(client)).toMatch(/^250/);
    expect(await send(client)).toMatch(
      /^421 4\.4\.2 Message submission rate for this client has exceeded the configured limit/,
    );
    await client.closed();
    expect(relay.events.map((event) => event.definition.id)).toContain(1031);
  });

  test("the count is the source's, not the session's, and the minute slides", async () => {
    for (let i = 0; i < 3; i++) {
      const one = await fresh();
      expect(await send(one)).toMatch(/^250/);
      one.close();
      await clock.advance(10 * second);
    }
    const refused = await fresh();
    expect(await send(refused)).toMatch(/^421/);
    refused.close();
    await clock.advance(31 * second);
    const later = await fresh();
    expect(await send(later)).toMatch(/^250/);
    expect(await send(later)).toMatch(/^421/);
    later.close();
  });
});
