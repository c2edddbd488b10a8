/** The resolver against servers on loopback, well-behaved and otherwise (outbound brief M5, M11, M13, M14). */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Answer, Packet } from "dns-packet";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import {
  authenticData,
  openNameServer,
  rcode,
  replyTo,
  truncated,
  type ScriptedNameServer,
} from "../testing/name-server.ts";
import { exchange } from "./exchange.ts";
import type { NameServer } from "./name-server.ts";
import { createQuery, readReply } from "./query-packet.ts";
import { createResolver } from "./resolver.ts";
import type { Resolver } from "../ports/lookup.ts";

let clock: FakeClock;
let dns: ScriptedNameServer;
let second: ScriptedNameServer;
let servers: NameServer[];
let resolver: Resolver;

beforeEach(async () => {
  clock = createFakeClock();
  dns = await openNameServer();
  second = await openNameServer();
  servers = [dns.server];
  resolver = createResolver({ clock, servers: () => servers, exchange });
});
afterEach(() => Promise.all([dns.close(), second.close()]));

const mx = (name: string, preference: number, exchanger: string, ttl = 300): Answer => ({
  type: "MX",
  name,
  ttl,
  data: { preference, exchange: exchanger },
});
const a = (name: string, data: string, ttl = 300): Answer => ({ type: "A", name, ttl, data });
const cname = (name: string, data: string, ttl = 300): Answer => ({ type: "CNAME", name, ttl, data });
const soa = (name: string, ttl = 3600, minimum = 60): Answer => ({
  type: "SOA",
  name,
  ttl,
  data: { mname: "ns.test", rname: "h.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
const ns: Answer = { type: "NS", name: "test", ttl: 3600, data: "ns.test" };
const failing = (code: number, parts: Partial<Packet> = {}): Partial<Packet> => ({
  flags: 0x180 | code,
  ...parts,
});
/** Advances while the real network does its part. */
const within = async <T>(promise: Promise<T>): Promise<T> => {
  const state = { done: false };
  const end = (): void => void (state.done = true);
  promise.then(end, end);
  while (!state.done) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(500);
  }
  return promise;
};

test("of thousands of records the best are kept, and answers no longer than they may be together", async () => {
  dns.answer = ({ name, over }) =>
    over === "udp"
      ? { flags: 0x180 | truncated, answers: [] }
      : Array.from({ length: 2_000 }, (_, at) => mx(name, 2_000 - at, `h${at}.test`));
  resolver = createResolver({ clock, servers: () => servers, exchange, characters: 50_000 });
  const found = await resolver.lookUp("a.test", "MX");
  expect(found.kind === "found" && found.records.map(({ preference }) => preference)).toEqual(
    Array.from({ length: 256 }, (_, at) => at + 1),
  );
  for (const name of ["b.test", "c.test", "c.test"]) await resolver.lookUp(name, "MX");
  expect(dns.asked.filter(({ over }) => over === "tcp").map(({ name }) => name)).toEqual([
    "a.test",
    "b.test",
    "c.test",
  ]);
  await resolver.lookUp("a.test", "MX");
  expect(dns.asked.at(-1)).toMatchObject({ name: "a.test", over: "tcp" });
});

test("records of each type", async () => {
  const data = Buffer.from("aabb", "hex");
  dns.answer = ({ name, type }) =>
    [
      mx(name, 10, "A.MX.test."),
      mx(name, 0, "."),
      a(name, "192.0.2.1"),
      { type: "AAAA", name, ttl: 300, data: "2001:db8::1" } as Answer,
      { type: "TXT", name, ttl: 300, data: ["v=STSv1; ", "id=1;"] } as Answer,
      {
        type: "TLSA",
        name,
        ttl: 300,
        data: { usage: 3, selector: 1, matchingType: 1, certificate: data },
      } as Answer,
    ].filter((answer) => answer.type === type);
  const records = async (type: "A" | "AAAA" | "MX" | "TXT" | "TLSA"): Promise<unknown> => {
    const lookup = await resolver.lookUp("x.test", type);
    return lookup.kind === "found" ? lookup.records : lookup;
  };
  expect(await records("A")).toEqual(["192.0.2.1"]);
  expect(await records("AAAA")).toEqual(["2001:db8::1"]);
  expect(await records("MX")).toEqual([
    { preference: 10, exchange: "a.mx.test" },
    { preference: 0, exchange: "" },
  ]);
  expect(await records("TXT")).toEqual(["v=STSv1; id=1;"]);
  expect(await records("TLSA")).toEqual([{ usage: 3, selector: 1, matchingType: 1, data }]);
});

test.each([
  [
    "no such name",
    failing(rcode.nameError, { authorities: [soa("test")] }),
    { kind: "nxdomain", keepMs: 60_000 },
  ],
  ["no such record", { authorities: [soa("test", 20)] }, { kind: "nodata", keepMs: 20_000 }],
  ["no such record, without a word", {}, { kind: "nodata", keepMs: 5_000 }],
  ["no word but who may know (a server that is no resolver)", { authorities: [ns] }, { kind: "refused" }],
  ["another type's record", { answers: [a("x.test", "192.0.2.1")] }, { kind: "nodata" }],
  ["another name's record", { answers: [mx("y.test", 10, "a.test")] }, { kind: "nodata" }],
  ["failure", failing(rcode.serverFailure), { kind: "servfail", detail: "the server answered SERVFAIL" }],
  ["refusal", failing(rcode.refused), { kind: "refused", detail: "the server answered REFUSED" }],
  [
    "bad signatures",
    failing(rcode.serverFailure, {
      additionals: [
        {
          type: "OPT",
          name: ".",
          udpPayloadSize: 1232,
          options: [{ code: 15, data: Buffer.from("\0\x06signature\x1b[31m expired") }],
        } as unknown as Answer,
      ],
    }),
    { kind: "bogus", detail: "its signatures do not fit: signature [31m expired" },
  ],
])("%s", async (_name, parts, expected) => {
  dns.answer = () => parts;
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject(expected);
});

test("no name is asked for that is none", async () => {
  expect(await resolver.lookUp("a b.test", "A")).toMatchObject({ kind: "invalid-name" });
  expect(dns.asked).toEqual([]);
});

test("aliases are followed in an answer, and asked for where it ends at one", async () => {
  dns.answer = ({ name }) =>
    name === "x.test"
      ? [cname("x.test", "Y.test", 30), cname("y.test", "z.test")]
      : [mx("z.test", 10, "m.test")];
  const lookup = await resolver.lookUp("x.test", "MX");
  expect(lookup).toMatchObject({ kind: "found", canonicalName: "z.test", keepMs: 30_000 });
  expect(dns.asked.map(({ name }) => name)).toEqual(["x.test", "z.test"]);
});

test("an alias's target that is not there is a denial", async () => {
  dns.answer = () =>
    failing(rcode.nameError, { answers: [cname("x.test", "y.test")], authorities: [soa("test")] });
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ kind: "nxdomain", canonicalName: "y.test" });
});

test.each([
  ["in one answer", (): Answer[] => [cname("x.test", "y.test"), cname("y.test", "x.test")]],
  ["over many answers", ({ name }: { name: string }): Answer[] => [cname(name, `a${name}`)]],
])("a circle of aliases %s", async (_name, answer) => {
  dns.answer = answer;
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ kind: "malformed" });
});

test("only a trusted server's word on signatures counts, and only when all of it is signed", async () => {
  dns.answer = ({ name }) => ({
    flags: 0x180 | (name === "plain.test" ? 0 : authenticData),
    answers: name === "half.test" ? [cname("half.test", "plain.test")] : [mx(name, 10, "m.test")],
  });
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ isAuthenticated: true });
  expect(await resolver.lookUp("half.test", "MX")).toMatchObject({ kind: "found", isAuthenticated: false });
  servers = [{ ...dns.server, trusted: false }];
  expect(await resolver.lookUp("y.test", "MX")).toMatchObject({ isAuthenticated: false });
});

test("a cut answer is asked for again over TCP", async () => {
  const all = Array.from({ length: 60 }, (_, index) => mx("x.test", index, `mx${index}.test`));
  dns.answer = ({ over }) => (over === "udp" ? { flags: 0x180 | truncated, answers: all.slice(0, 2) } : all);
  const lookup = await resolver.lookUp("x.test", "MX");
  expect(lookup.kind === "found" && lookup.records.length).toBe(60);
  expect(dns.asked.map(({ over }) => over)).toEqual(["udp", "tcp"]);
});

test("one that is cut over TCP too says nothing of what is missing", async () => {
  dns.answer = () => ({ flags: 0x180 | truncated | authenticData, answers: [] });
  servers = [{ ...dns.server, trusted: true }];
  expect(await within(resolver.lookUp("_25._tcp.mx.test", "TLSA"))).toMatchObject({ kind: "malformed" });
});

test("a server that takes five seconds for each answer is waited for", async () => {
  resolver = createResolver({
    clock,
    servers: () => servers,
    exchange: (server, query, signal) =>
      new Promise((resolve) => {
        const timer = clock.after(5_000, () => void exchange(server, query, signal).then(resolve));
        signal.addEventListener("abort", () => {
          timer.cancel();
          resolve({ kind: "silent", detail: "" });
        });
      }),
  });
  dns.answer = ({ name }) => [a(name, "192.0.2.1")];
  expect(await within(resolver.lookUp("x.test", "A"))).toMatchObject({ kind: "found" });
});

test("replies with another id, to another question, or that are questions do not count", async () => {
  dns.answer = (_asked, query) => [
    replyTo({ ...query, id: (query.id ?? 0) ^ 1 }, { answers: [mx("x.test", 1, "evil.test")] }),
    replyTo(query, {
      questions: [{ name: "y.test", type: "MX" }],
      answers: [mx("x.test", 1, "evil.test")],
    }),
    replyTo(query, { type: "query", answers: [mx("x.test", 1, "evil.test")] }),
    Buffer.from("x"),
    replyTo(query, { answers: [mx("x.test", 10, "good.test")] }),
  ];
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({
    records: [{ preference: 10, exchange: "good.test" }],
  });
});

test("octets that are no answer", async () => {
  dns.answer = (_asked, query) => {
    const reply = replyTo(query, { answers: [mx("x.test", 10, "good.test")] });
    return reply.subarray(0, reply.length - 3);
  };
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ kind: "malformed" });
});

test("a server that is silent or fails is passed over, and asked last for a while", async () => {
  servers = [dns.server, second.server];
  dns.answer = () => undefined;
  second.answer = ({ name }) => [a(name, "192.0.2.2")];
  expect(await within(resolver.lookUp("x.test", "A"))).toMatchObject({ kind: "found" });
  expect(await resolver.lookUp("y.test", "A")).toMatchObject({ kind: "found" });
  expect(dns.asked.map(({ name }) => name)).toEqual(["x.test"]);
  await clock.advance(31_000);
  dns.answer = () => failing(rcode.serverFailure);
  expect(await resolver.lookUp("z.test", "A")).toMatchObject({ kind: "found" });
  expect(dns.asked.map(({ name }) => name)).toEqual(["x.test", "z.test"]);
});

/** R23 of the programme: what a name server can do wrong, alone and beside one that is right. */
test.each<[fault: string, answer: ScriptedNameServer["answer"], alone: string, beside: string]>([
  ["SERVFAIL", () => failing(rcode.serverFailure), "servfail", "found"],
  ["REFUSED", () => failing(rcode.refused), "refused", "found"],
  ["NXDOMAIN", () => failing(rcode.nameError, { authorities: [soa("test")] }), "nxdomain", "nxdomain"],
  ["silence", () => undefined, "timeout", "found"],
  [
    "another id, always",
    (_asked, query) =>
      replyTo({ ...query, id: (query.id ?? 0) ^ 1 }, { answers: [mx("x.test", 1, "evil.test")] }),
    "timeout",
    "found",
  ],
  [
    "another question, always",
    (_asked, query) => replyTo(query, { questions: [{ name: "y.test", type: "MX" }], answers: [] }),
    "timeout",
    "found",
  ],
  [
    "an answer cut off over UDP, and silence over TCP",
    ({ over }) => (over === "udp" ? { flags: 0x180 | truncated } : undefined),
    "timeout",
    "found",
  ],
  [
    "an answer cut off over UDP, and nonsense over TCP",
    ({ over }) => (over === "udp" ? { flags: 0x180 | truncated } : Buffer.from("nonsense, and more of it")),
    "malformed",
    "found",
  ],
  ["octets that end too early", (_asked, query) => replyTo(query, {}).subarray(0, 15), "malformed", "found"],
  [
    "a text of fewer octets than it says",
    (_asked, query) =>
      replyTo(query, { answers: [{ type: "TXT", name: "x.test", data: "evil" }] }).subarray(0, -2),
    "malformed",
    "found",
  ],
  ["records of other names alone", () => [mx("y.test", 1, "evil.test")], "nodata", "nodata"],
  [
    "as many octets as TCP carries",
    ({ over }) =>
      over === "udp"
        ? { flags: 0x180 | truncated }
        : Array.from({ length: 1_900 }, (_, n) => mx("x.test", n, `m${n}.x.test`)),
    "found",
    "found",
  ],
])("%s", async (_fault, answer, alone, beside) => {
  dns.answer = answer;
  const one = await within(resolver.lookUp("x.test", "MX"));
  expect(one.kind).toBe(alone);
  // Nothing of what was not an answer is kept for longer than failures are.
  if ("detail" in one) expect(one.keepMs).toBeLessThanOrEqual(30_000);
  expect(JSON.stringify(one)).not.toContain("evil");
  resolver.forget();
  servers = [dns.server, second.server];
  second.answer = () => [mx("x.test", 10, "good.test")];
  expect(await within(resolver.lookUp("x.test", "MX"))).toMatchObject({ kind: beside });
});

/** Found by changing octets of a reply: behind a text without its end the library reads the header's octets, over and over. */
test("a header that speaks of more records than there are octets for is not gone by", () => {
  const octets = Buffer.from(
    "0866818200010002c000c40001640474657374000030000101640474ab737400000f0001ffffffff000c0001" +
      "016101640474657374000164047465737400001000c000000000e50401610162",
    "hex",
  );
  const query = { ...createQuery("d.test", "DNSKEY"), id: 0x0866 };
  expect(readReply(octets, query)).toBe("malformed");
});

/** An OPT record whose upper part of the response code is 1: 16 and above. */
const extended = { type: "OPT", name: ".", udpPayloadSize: 1232, extendedRcode: 1 } as unknown as Answer;
const hasOption = ({ additionals = [] }: Packet): boolean => additionals.some(({ type }) => type === "OPT");

test.each<[string, ScriptedNameServer["answer"]]>([
  ["FORMERR", (_asked, query) => replyTo(query, failing(rcode.formatError))],
  [
    "FORMERR without the question",
    (_asked, query) => replyTo(query, failing(rcode.formatError, { questions: [] })),
  ],
  ["NOTIMP", (_asked, query) => replyTo(query, failing(rcode.notImplemented))],
  ["BADVERS", (_asked, query) => replyTo(query, { additionals: [extended] })],
  ["silence", () => undefined],
])("a server that does not know EDNS, by %s, is asked without", async (fault, answer) => {
  dns.answer = (asked, query) => (hasOption(query) ? answer(asked, query) : [mx(asked.name, 10, "m.test")]);
  expect(await within(resolver.lookUp("x.test", "MX"))).toMatchObject({ kind: "found" });
  expect(dns.asked).toHaveLength(2);
  if (fault === "silence") return;
  // It is known now, and looked at again later: it may know more.
  expect(await resolver.lookUp("y.test", "MX")).toMatchObject({ kind: "found" });
  expect(dns.asked).toHaveLength(3);
  await clock.advance(600_000);
  await resolver.lookUp("z.test", "MX");
  expect(dns.asked).toHaveLength(5);
});

test.each<[string, Partial<Packet>, string]>([
  ["FORMERR either way", failing(rcode.formatError), "the server answered FORMERR"],
  ["BADVERS", { additionals: [extended] }, "the server answered BADVERS"],
  [
    "BADKEY, with records",
    { flags: 0x181, additionals: [extended], answers: [mx("x.test", 10, "evil.test")] },
    "the server answered RCODE 17",
  ],
  [
    "a code above NXDOMAIN's",
    failing(rcode.nameError, { additionals: [extended] }),
    "the server answered RCODE 19",
  ],
])("a response code is read whole: %s is no denial", async (_name, parts, detail) => {
  dns.answer = () => parts;
  expect(await resolver.lookUp("x.test", "MX")).toEqual({ kind: "refused", detail, keepMs: 10_000 });
});

test.each<[string, (server: NameServer) => NameServer[]]>([
  ["other servers", () => [second.server]],
  ["one that is trusted no more", (server) => [{ ...server, trusted: false }]],
])("what was answered before counts no more with %s", async (_name, change) => {
  dns.answer = () => ({ flags: 0x180 | authenticData, answers: [a("x.test", "192.0.2.1")] });
  second.answer = () => [a("x.test", "192.0.2.2")];
  expect(await resolver.lookUp("x.test", "A")).toMatchObject({ isAuthenticated: true });
  const before = resolver.generation?.();
  servers = [...servers];
  expect(resolver.generation?.()).toBe(before);
  expect(await resolver.lookUp("x.test", "A")).toMatchObject({ isAuthenticated: true });
  expect(dns.asked).toHaveLength(1);
  servers = change(dns.server);
  expect(resolver.generation?.()).not.toBe(before);
  expect(await resolver.lookUp("x.test", "A")).toMatchObject({ kind: "found", isAuthenticated: false });
});

test("what is answered while the servers change is not kept", async () => {
  dns.answer = ({ name }) => {
    if (name === "x.test") servers = [second.server];
    return [a(name, "192.0.2.1")];
  };
  second.answer = ({ name }) => [a(name, "192.0.2.2")];
  expect(await resolver.lookUp("x.test", "A")).toMatchObject({ records: ["192.0.2.1"] });
  expect(await resolver.lookUp("x.test", "A")).toMatchObject({ records: ["192.0.2.2"] });
});

test("nobody answers, nobody is there", async () => {
  dns.answer = () => undefined;
  expect(await within(resolver.lookUp("x.test", "A"))).toMatchObject({ kind: "timeout" });
  expect(dns.asked.length).toBe(2);
  servers = [];
  expect(await resolver.lookUp("y.test", "A")).toMatchObject({
    kind: "timeout",
    detail: "no server to ask is known",
  });
});

test("no way to the server: it counts as one that does not answer, and nothing is thrown", async () => {
  // A link-local address without its interface cannot be connected to.
  servers = [{ address: "fe80::1", port: 53, trusted: false }];
  expect(await within(resolver.lookUp("x.test", "MX"))).toMatchObject({
    kind: "timeout",
    detail: expect.stringContaining("fe80::1 cannot be reached") as string,
  });
});

test("answers are kept as long as they say, failures for ten seconds, and asked for once", async () => {
  dns.answer = ({ name }) =>
    name === "bad.test" ? failing(rcode.serverFailure) : [a(name, "192.0.2.1", 30)];
  const count = (name: string): number => dns.asked.filter((asked) => asked.name === name).length;
  await Promise.all(Array.from({ length: 20 }, () => resolver.lookUp("x.test", "A")));
  await clock.advance(29_000);
  await resolver.lookUp("X.test.", "A");
  expect(count("x.test")).toBe(1);
  await clock.advance(1_001);
  await resolver.lookUp("x.test", "A");
  expect(count("x.test")).toBe(2);
  resolver.forget("x.test");
  await resolver.lookUp("x.test", "A");
  expect(count("x.test")).toBe(3);
  resolver.forget();
  await resolver.lookUp("x.test", "A");
  expect(count("x.test")).toBe(4);

  await resolver.lookUp("bad.test", "A");
  await clock.advance(9_000);
  await resolver.lookUp("bad.test", "A");
  const first = count("bad.test");
  await clock.advance(1_001);
  await resolver.lookUp("bad.test", "A");
  expect(count("bad.test")).toBe(2 * first);
});

test("random octets never stop it", async () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff) / 0x7fff_ffff;
  dns.answer = (_asked, query) => {
    const reply = replyTo(query, { answers: [mx("x.test", 10, "good.test"), cname("x.test", "y.test")] });
    for (let flips = 0; flips < 4; flips++) {
      reply[2 + Math.floor(random() * (reply.length - 2))] = Math.floor(random() * 256);
    }
    return reply;
  };
  for (let round = 0; round < 200; round++) {
    resolver.forget();
    const lookup = await within(resolver.lookUp("x.test", "MX"));
    expect(typeof lookup.kind).toBe("string");
  }
});

test("a reply that nobody foresaw is an answer that cannot be read, and the name is asked for again", async () => {
  let isOdd = true;
  resolver = createResolver({
    clock,
    servers: () => servers,
    exchange: (...given) => (isOdd ? Promise.reject(new TypeError("odd")) : exchange(...given)),
  });
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ kind: "malformed" });
  isOdd = false;
  await clock.advance(10_000);
  dns.answer = () => [mx("x.test", 10, "a.test")];
  expect(await resolver.lookUp("x.test", "MX")).toMatchObject({ kind: "found" });
});

test("so many questions are asked at once, and no more sockets open, however many wait; each has its whole time", async () => {
  let open = 0;
  let most = 0;
  resolver = createResolver({
    clock,
    servers: () => servers,
    async exchange(server, query, signal) {
      most = Math.max(most, ++open);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      open--;
      return { kind: "silent", detail: server.address };
    },
  });
  const answers = Promise.all(Array.from({ length: 600 }, (_, n) => resolver.lookUp(`d${n}.test`, "MX")));
  const settled = await within(answers);
  expect(settled.every(({ kind }) => kind === "timeout")).toBe(true);
  expect([most, open]).toEqual([500, 0]);
});
