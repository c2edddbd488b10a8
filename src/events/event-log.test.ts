import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createCollapse } from "./collapse.ts";
import { createEventLog } from "./event-log.ts";
import { renderEvent } from "./event-text.ts";
import type { EventRecord } from "./events.ts";
import { jsonLine, textLine } from "./sinks/line-formats.ts";
import { createStderrSink } from "./sinks/stderr-sink.ts";

const limit = { connector: "AppRelay", source: "10.0.0.1", limit: 20 };
const taken = {
  connector: "A",
  door: "SMTP",
  id: 1,
  source: "s",
  sizeBytes: 1,
  sender: "a@b",
  recipients: 1,
};

function setup(levels: Parameters<typeof createEventLog>[0]["levels"] = {}) {
  const clock = createFakeClock();
  const log = createEventLog({ clock, levels });
  const heard: EventRecord[] = [];
  const unsubscribe = log.subscribe((record) => heard.push(record));
  return { clock, log, heard, unsubscribe };
}

test("an event reaches subscribers as a record with its text", () => {
  const { log, heard, clock } = setup();
  log.emit("SmtpReceiveMaxConnectionPerSourceReached", limit);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({
    name: "SmtpReceiveMaxConnectionPerSourceReached",
    at: clock.wall(),
    fields: limit,
  });
  expect(renderEvent(heard[0] as EventRecord)).toBe(
    "Receive connector AppRelay rejected an incoming connection from IP address 10.0.0.1. The maximum number of connections per source (20) for this connector has been reached by this source IP address.",
  );
});

test.each([
  [{}, false],
  [{ SmtpReceive: "Medium" }, false],
  [{ SmtpReceive: "High" }, true],
  [{ "MSExchangeTransport\\SmtpReceive": "Expert" }, true],
  [{ SmtpSend: "Expert" }, false],
] as const)("levels %o: MessageReceived is told %s", (levels, told) => {
  const { log, heard } = setup(levels);
  expect(log.wants("MessageReceived")).toBe(told);
  log.emit("MessageReceived", taken);
  expect(heard).toHaveLength(told ? 1 : 0);
});

test("levels change at once; errors are told at every level", () => {
  const { log, heard } = setup();
  log.setLevels({ SmtpReceive: "Expert" });
  expect(log.wants("MessageReceived")).toBe(true);
  log.setLevels({});
  expect(log.wants("MessageReceived")).toBe(false);
  log.emit("RelayFault", { where: "here", error: "x" });
  expect(heard).toHaveLength(1);
});

test("nobody listening wants nothing; a listener that throws is not asked again", () => {
  const { log, unsubscribe, heard } = setup();
  let asked = 0;
  log.subscribe(() => {
    asked++;
    throw new Error("broken");
  });
  log.emit("RelayStarted", { version: "1", hostname: "h", recovered: 0 });
  log.emit("RelayStarted", { version: "1", hostname: "h", recovered: 0 });
  expect([asked, heard.length]).toEqual([1, 2]);
  unsubscribe();
  expect(log.wants("RelayStarted")).toBe(false);
});

const record = (fields: EventRecord["fields"]): EventRecord => {
  const { log, heard } = setup();
  log.emit("SmtpReceiveMessageRejected", {
    connector: "",
    reply: "",
    who: "",
    sender: "",
    problem: "",
    ...fields,
  });
  return heard[0] as EventRecord;
};

test.each(["\r\n", "\n05:00:00 Error 1 Fake: x", "\x1b[31m", "\0", "\u2028", "\u2029", "\x85", "\u202e"])(
  "%j in a field stays within one line",
  (nasty) => {
    for (const line of [
      textLine(record({ reply: `550 ${nasty}` }), 0, false),
      jsonLine(record({ reply: `550 ${nasty}` }), 0),
    ]) {
      expect(line.endsWith("\n")).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
    }
  },
);

test("a field is never read as a placeholder", () => {
  expect(renderEvent(record({ connector: "%reply", reply: "$&" }))).toContain("connector %reply rejected");
  expect(renderEvent(record({ connector: "%reply", reply: "$&" }))).toContain("with $&.");
});

test("text and JSON lines", () => {
  const one = record({ connector: "A", reply: "550 no" });
  expect(textLine(one, 3, false)).toMatch(
    /^\d\d:\d\d:\d\d Error 1010 SmtpReceive: Receive connector A rejected .* 550 no\. .*\(and 3 more like it\)\n$/,
  );
  expect(textLine(one, 0, true)).toBe(`\x1b[31m${textLine(one, 0, false).trimEnd()}\x1b[0m\n`);
  expect(JSON.parse(jsonLine(one, 0))).toMatchObject({
    id: 1010,
    name: "SmtpReceiveMessageRejected",
    fields: { reply: "550 no" },
  });
});

test("a flood is told once a minute per connector and source, with its count", async () => {
  const { clock, log, heard } = setup();
  const collapse = createCollapse();
  const say = (source: string) => {
    log.emit("SmtpReceiveMaxConnectionPerSourceReached", { ...limit, source });
    return collapse(heard.at(-1) as EventRecord);
  };
  expect(say("10.0.0.1")).toEqual({ kind: "pass", unsaid: 0 });
  for (let n = 0; n < 5; n++) expect(say("10.0.0.1")).toEqual({ kind: "drop" });
  expect(say("10.0.0.2")).toEqual({ kind: "pass", unsaid: 0 });
  await clock.advance(60_000);
  expect(say("10.0.0.1")).toEqual({ kind: "pass", unsaid: 5 });
});

test("a flood from very many sources is told of a hundred of them a minute, the rest counted", async () => {
  const { clock, log, heard } = setup();
  const collapse = createCollapse();
  const say = (n: number) => {
    log.emit("SmtpReceiveMaxConnectionPerSourceReached", {
      ...limit,
      source: `10.0.${n >> 8}.${n & 255}`,
    });
    return collapse(heard.at(-1) as EventRecord);
  };
  const told = Array.from({ length: 20_000 }, (_, n) => say(n)).filter(({ kind }) => kind === "pass");
  expect(told).toHaveLength(100);
  expect(say(0)).toEqual({ kind: "drop" });
  await clock.advance(60_000);
  expect(say(20_000)).toEqual({ kind: "pass", unsaid: 19_900 });
  expect(say(0)).toEqual({ kind: "pass", unsaid: 1 });
});

test("of recipients without a connector a hundred are told of in a minute, the rest counted", async () => {
  const { clock, log, heard } = setup();
  const collapse = createCollapse();
  const say = (n: number) => {
    log.emit("RecipientUnreachable", { id: n, recipient: `r${n}@a.test`, reason: "no connector" });
    return collapse(heard.at(-1) as EventRecord);
  };
  const told = Array.from({ length: 1_000 }, (_, n) => say(n)).filter(({ kind }) => kind === "pass");
  expect(told).toHaveLength(100);
  await clock.advance(60_000);
  expect(say(0)).toEqual({ kind: "pass", unsaid: 900 });
  expect(say(1)).toEqual({ kind: "pass", unsaid: 0 });
});

test("lines are written in batches, wait for a slow reader, and are dropped beyond a bound", async () => {
  const { log } = setup();
  const texts: string[] = [];
  let took: (() => void) | undefined;
  const sink = createStderrSink({
    format: "text",
    hostname: "relay.test",
    colour: false,
    write: (text, done) => {
      texts.push(text);
      took = done;
    },
  });
  log.subscribe((told) => sink.write({ kind: "event", record: told, unsaid: 0 }));
  const say = () => log.emit("ListenerOpened", { endpoint: "127.0.0.1:25", connectors: "x".repeat(1000) });
  say();
  say();
  expect(texts).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(texts.map((text) => text.split("\n").length - 1)).toEqual([2]);
  for (let n = 0; n < 2000; n++) say();
  expect(texts).toHaveLength(1);
  took?.();
  await expect.poll(() => texts[1]).toMatch(/\d+ lines were dropped/);
  const flushed = sink.flush();
  took?.();
  await flushed;
});
