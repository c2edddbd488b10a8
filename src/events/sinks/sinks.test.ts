import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { parseSyslogPlace, usualLogging, type SyslogPlace } from "../../core/policy/log-place.ts";
import { freePort } from "../../testing/free-port.ts";
import { catalogue, type EventName } from "../catalogue.ts";
import { lineFormat } from "./line-formats.ts";
import type { LogLine } from "./log-line.ts";
import { openLogSink } from "./log-sink.ts";
import { formatFor } from "./stderr-sink.ts";
import { countedFrame, datagramOf, lineFrame, syslogMessage } from "./syslog-message.ts";
import { createSyslogSink } from "./syslog-sink.ts";

const at = new Date("2026-11-09T05:06:07.089Z");
const eventOf = (name: EventName, fields: Record<string, string | number>, unsaid = 0): LogLine => ({
  kind: "event",
  record: { name, definition: catalogue[name], at, fields },
  unsaid,
});
const warning = eventOf("SmtpReceiveMaxConnectionReached", { connector: "A\nB", limit: 5 }, 3);
const started = eventOf("RelayStarted", { version: "1", hostname: "h", recovered: 0 });
const failed = eventOf("SpoolFault", { error: "x" });
const step: LogLine = { kind: "message", at, part: "smtp", text: "7: to=<b@b.test>, status=sent (250 ok)" };
const sender = { facility: "mail", hostname: "relay.test", pid: 42 } as const;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

test.each([
  [
    "a warning",
    warning,
    "<20>1",
    "weir 42 1009 -",
    "Warning 1009 SmtpReceive: Receive connector A\\x0aB rejected",
  ],
  ["an error", failed, "<19>1", "weir 42 20202 -", "Error 20202 Storage: "],
  [
    "information",
    started,
    "<21>1",
    "weir 42 20001 -",
    "Information 20001 TransportService: Weir 1 started as h",
  ],
  ["a step of a message", step, "<22>1", "weir/smtp 42 - -", "7: to=<b@b.test>, status=sent (250 ok)"],
])("RFC 5424: %s", (_, line, start, middle, text) => {
  const message = syslogMessage(line, sender);
  expect(message.startsWith(`${start} 2026-11-09T05:06:07.089Z relay.test ${middle} ${text}`)).toBe(true);
  expect(message).not.toContain("\n");
});

test("RFC 5424: a name that is none, and frames that are cut between characters", () => {
  expect(syslogMessage(step, { ...sender, hostname: " \u00e9 " })).toContain("Z - weir/smtp 42");
  expect(countedFrame("<22>1 x").toString()).toBe("7 <22>1 x");
  expect(lineFrame("<22>1 x").toString()).toBe("<22>1 x\n");
  const long = `x${"\u00e9".repeat(2000)}`;
  expect(datagramOf(long).length).toBe(2047);
  expect(datagramOf(long).toString().endsWith("\u00e9")).toBe(true);
});

test("journald gets priorities and no time; whoever reads text gets what Postfix would write", () => {
  const options = { hostname: "relay.test", colour: false };
  const journal = lineFormat("journal", options);
  expect(journal(warning)).toMatch(/^<4>Warning 1009 SmtpReceive: .* \(and 3 more like it\)\n$/);
  expect([failed, started].map((line) => journal(line).slice(0, 3))).toEqual(["<3>", "<5>"]);
  expect(journal(step)).toBe(`<6>weir/smtp[${process.pid}]: 7: to=<b@b.test>, status=sent (250 ok)\n`);
  expect(lineFormat("text", options)(step)).toMatch(
    /^Nov {2}\d \d\d:\d\d:\d\d relay\.test weir\/smtp\[\d+\]: 7: to=/,
  );
  expect(JSON.parse(lineFormat("json", options)(step))).toMatchObject({
    part: "smtp",
    time: at.toISOString(),
  });
});

test.each([
  ["auto", undefined, "text"],
  ["auto", "8:1234", "journal"],
  // A child of a service, with standard error somewhere else.
  ["auto", "8:999", "text"],
  ["auto", "nonsense", "text"],
  ["json", "8:1234", "json"],
  ["text", "8:1234", "text"],
] as const)("format %s, JOURNAL_STREAM %s: %s", (format, stream, expected) => {
  expect(formatFor(format, stream ?? "", () => ({ dev: 8, ino: 1234 }))).toBe(expected);
});

test.each([
  ["udp:127.0.0.1:514", { transport: "udp", host: "127.0.0.1", port: 514 }],
  ["tcp:[::1]:601", { transport: "tcp", host: "::1", port: 601 }],
  ["tcp:loghost.example:601", { transport: "tcp", host: "loghost.example", port: 601 }],
  ["unix:/run/log.sock", { transport: "unix", path: "/run/log.sock" }],
])("%s is a place", (text, place) => {
  expect(parseSyslogPlace(text)).toEqual({ ok: true, value: { ...place, text } });
});
test.each(["127.0.0.1:514", "udp:host", "tcp:h:0", "tcp:h:70000", "unix:log", "tls:h:6514", ""])(
  "%j is none",
  (text) => {
    expect(parseSyslogPlace(text)).toMatchObject({
      ok: false,
      message: expect.stringContaining("udp:") as string,
    });
  },
);

const placeOf = (text: string): SyslogPlace => {
  const read = parseSyslogPlace(text);
  if (!read.ok) throw new Error(read.message);
  return read.value;
};

interface Daemon {
  received(): string;
  readonly connections: readonly Socket[];
  stop(): Promise<void>;
}
async function daemon(
  listen: { port: number; host: string } | { path: string },
): Promise<Daemon & { server: Server }> {
  let received = "";
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.setEncoding("utf8").on("data", (text: string) => (received += text));
    socket.on("error", () => undefined);
  });
  server.listen(listen);
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    for (const socket of connections) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  cleanups.push(stop);
  return { server, connections, received: () => received, stop };
}

test("to a daemon over TCP, each with its length, and again when it comes back; nothing is lost that waited", async () => {
  const port = await freePort();
  const first = await daemon({ port, host: "127.0.0.1" });
  const complaints: string[] = [];
  const sink = createSyslogSink({
    ...sender,
    place: placeOf(`tcp:127.0.0.1:${port}`),
    complain: (text) => complaints.push(text),
  });
  cleanups.push(() => sink.close());
  sink.write(started);
  sink.write(step);
  await expect.poll(() => first.received()).toContain("status=sent");
  expect(first.received()).toMatch(/^\d+ <21>1 .*\d+ <22>1 .*$/s);
  const [length = "", ...rest] = first.received().split(" ");
  expect(rest.join(" ").slice(Number(length))).toMatch(/^\d+ <22>1 /);

  await first.stop();
  await vi.waitFor(async () => {
    sink.write(failed);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(complaints[0]).toMatch(/^syslog tcp:127\.0\.0\.1:\d+ is not reached: /);
  });
  sink.write(warning);
  const second = await daemon({ port, host: "127.0.0.1" });
  await vi.waitFor(() => expect(second.received()).toContain("Warning 1009 SmtpReceive: "));
  expect(complaints.length).toBe(2);
  expect(complaints[1]).toContain("is reached again");
});

test("to a stream socket of this machine, a line each; to one that is not there, a stop does not wait", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-syslog-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const path = join(folder, "log.sock");
  const there = await daemon({ path });
  const sink = createSyslogSink({ ...sender, place: placeOf(`unix:${path}`), complain: () => undefined });
  sink.write(step);
  sink.write(started);
  await sink.close();
  await expect.poll(() => there.received().split("\n").length).toBe(3);

  const complaints: string[] = [];
  const away = createSyslogSink({
    ...sender,
    place: placeOf(`unix:${join(folder, "no.sock")}`),
    complain: (text) => complaints.push(text),
  });
  away.write(step);
  await expect.poll(() => complaints.length).toBe(1);
  await away.close();
});

test("a daemon that reads nothing does not keep a stop waiting", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-syslog-"));
  const path = join(folder, "log.sock");
  const server = createServer((socket) => socket.pause().on("error", () => undefined));
  server.listen(path);
  await once(server, "listening");
  cleanups.push(() => rm(folder, { recursive: true }));
  cleanups.push(() => server.close());
  const sink = createSyslogSink({ ...sender, place: placeOf(`unix:${path}`), complain: () => undefined });
  for (let line = 0; line < 900; line++)
    sink.write({ kind: "message", at, part: "smtp", text: "x".repeat(1_000) });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const closed = sink.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
  } finally {
    vi.useRealTimers();
  }
});

test("over UDP, one to a datagram, by whichever family the name leads to", async () => {
  const { address, family } = await lookup("localhost");
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const datagrams: string[] = [];
  socket.on("message", (octets) => datagrams.push(octets.toString()));
  socket.bind(0, address);
  await once(socket, "listening");
  const sink = createSyslogSink({
    ...sender,
    place: placeOf(`udp:localhost:${socket.address().port}`),
    complain: () => undefined,
  });
  sink.write(step);
  sink.write(started);
  await expect.poll(() => datagrams.length).toBe(2);
  expect(datagrams[0]).toMatch(/^<22>1 /);
  await sink.close();
});

test("the log moves when the setting does, and never goes to two places", async () => {
  const there = await daemon({ port: 0, host: "127.0.0.1" });
  const { port } = there.server.address() as AddressInfo;
  let stderr = "";
  const log = await openLogSink({
    settings: { ...usualLogging, format: "text" },
    hostname: "relay.test",
    write: (text, done) => {
      stderr += text;
      done();
    },
  });
  const said = ["first-host", "second-host", "third-host"] as const;
  const say = (hostname: (typeof said)[number]) => {
    const { record } = eventOf("RelayStarted", { version: "1", hostname, recovered: 0 }) as Extract<
      LogLine,
      { kind: "event" }
    >;
    log.listen(record);
  };
  say("first-host");
  expect(log.wantsMessages).toBe(false);
  await log.reconfigure({ ...usualLogging, syslog: placeOf(`tcp:127.0.0.1:${port}`), messageLines: true });
  expect(log.wantsMessages).toBe(true);
  say("second-host");
  log.message({ at, part: "smtp", text: "a step" });
  await expect.poll(() => there.received()).toContain("a step");
  await log.reconfigure({ ...usualLogging, format: "text" });
  say("third-host");
  await log.close();
  expect(said.filter((host) => stderr.includes(host))).toEqual(["first-host", "third-host"]);
  expect(said.filter((host) => there.received().includes(host))).toEqual(["second-host"]);
});
