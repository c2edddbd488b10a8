/** A directory that does not do what it should, played octet by octet; what a real one does: test/journeys/directory-logon. */
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test, type TestContext } from "vitest";
import type { DirectorySettings } from "../../core/authentication/directory-settings.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createDirectory } from "./directory.ts";

/** BER: a tag, a length, what it holds. */
function ber(tag: number, ...held: readonly (Buffer | string)[]): Buffer {
  const octets = Buffer.concat(held.map((one) => (typeof one === "string" ? Buffer.from(one) : one)));
  if (octets.length > 127) throw new Error("longer than this needs to be");
  return Buffer.concat([Buffer.from([tag, octets.length]), octets]);
}
const integer = (value: number): Buffer => ber(2, Buffer.from([value]));
/** RFC 4511 §4.1.9; `tag`: of the answer. */
const answer = (id: number, tag: number, code: number): Buffer =>
  ber(0x30, integer(id), ber(tag, ber(10, Buffer.from([code])), ber(4), ber(4)));
const erp = (id: number): Buffer =>
  ber(
    0x30,
    integer(id),
    ber(0x64, ber(4, "uid=erp,dc=x"), ber(0x30, ber(0x30, ber(4, "uid"), ber(0x31, ber(4, "erp"))))),
  );

type Asked = "bind" | "search" | "startTls";
const asked: Readonly<Record<number, Asked>> = { 0x60: "bind", 0x63: "search", 0x77: "startTls" };

/** `answers` gives what the server says; undefined: nothing. */
interface Played {
  readonly port: number;
  readonly open: ReadonlySet<Socket>;
  readonly heard: string[];
  answers: (what: Asked, id: number) => Buffer | undefined;
}

async function play(
  onTestFinished: TestContext["onTestFinished"],
  answers: Played["answers"],
): Promise<Played> {
  const open = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", (octets) => {
      // Short requests: 30 length 02 01 id operation.
      const what = asked[octets[5] ?? 0];
      if (octets[0] !== 0x30 || what === undefined) return;
      heard.push(what);
      const said = it.answers(what, octets[4] ?? 0);
      if (said !== undefined) socket.write(said);
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const it: Played = { port, open, heard, answers };
  return it;
}

const good: Played["answers"] = (what, id) =>
  what === "bind"
    ? answer(id, 0x61, 0)
    : what === "search"
      ? Buffer.concat([erp(id), answer(id, 0x65, 0)])
      : answer(id, 0x78, 0);

/** Of whoever says nothing, on the system's clock: the others are to answer within it on a busy machine too. */
const silentForMs = 2_000;

function logOnBy(port: number, given: Partial<DirectorySettings> = {}) {
  const clock = createFakeClock();
  const told: string[] = [];
  const directory = createDirectory(
    {
      urls: [`ldap://127.0.0.1:${port}`],
      startTls: false,
      ca: undefined,
      bindDn: "cn=weir",
      bindPassword: "secret",
      baseDn: "dc=x",
      userAttributes: ["uid"],
      objectClass: "person",
      groupAttribute: "memberOf",
      nestedGroups: false,
      groups: [],
      requireGroup: false,
      timeoutMs: silentForMs,
      keepLogonsMs: 3_600_000,
      ...given,
    },
    { clock, events: { wants: () => true, emit: (name) => void told.push(name) } },
  );
  return { clock, told, directory };
}

// They wait at the same time.
describe.concurrent("a directory server", () => {
  test("who answers STARTTLS and then says nothing holds nobody up for ever, and no connection open", async ({
    expect,
    onTestFinished,
  }) => {
    const it = await play(onTestFinished, good);
    const { directory } = logOnBy(it.port, { startTls: true });
    // More than are asked at once.
    const tries = [1, 2, 3, 4, 5, 6].map((n) => directory.authenticate(`u${n}`, "p", `source ${n}`));
    for (const outcome of await Promise.allSettled(tries)) expect(outcome.status).toBe("rejected");
    await expect.poll(() => it.open.size).toBe(0);
  });

  test("no connection is left of a server that refuses STARTTLS, or is silent", async ({
    expect,
    onTestFinished,
  }) => {
    const it = await play(onTestFinished, (what, id) =>
      what === "startTls" ? answer(id, 0x78, 52) : undefined,
    );
    await expect(
      logOnBy(it.port, { startTls: true }).directory.authenticate("a", "p", "s"),
    ).rejects.toThrow();
    await expect(logOnBy(it.port).directory.authenticate("a", "p", "s")).rejects.toThrow();
    await expect.poll(() => it.open.size).toBe(0);
  });

  test("while it is down it is tried by one now and then; who is remembered does not wait", async ({
    expect,
    onTestFinished,
  }) => {
    const it = await play(onTestFinished, good);
    const { directory, clock, told } = logOnBy(it.port);
    expect(await directory.authenticate("erp", "right", "a")).toMatchObject({ user: "erp" });
    await clock.advance(10 * 60_000);
    it.answers = () => undefined;
    await expect(directory.authenticate("new", "p", "b")).rejects.toThrow("no directory server answers");
    it.heard.length = 0;
    for (let i = 0; i < 50; i++)
      expect(await directory.authenticate("erp", "right", `${i}`)).toMatchObject({ user: "erp" });
    await expect(directory.authenticate("erp", "wrong", "c")).rejects.toThrow();
    expect(it.heard).toEqual([]);
    await clock.advance(10_000);
    // One tries, and the others go on meanwhile.
    const trying = directory.authenticate("new", "p", "b");
    await pause(0);
    expect(await directory.authenticate("erp", "right", "d")).toMatchObject({ user: "erp" });
    await expect(directory.authenticate("other", "p", "e")).rejects.toThrow();
    await expect(trying).rejects.toThrow();
    expect(it.heard).toEqual(["bind"]);
    it.answers = good;
    await clock.advance(10_000);
    expect(await directory.authenticate("erp", "right", "a")).toMatchObject({ user: "erp" });
    expect(told).toEqual(["DirectoryUnreachable", "DirectoryReached"]);
    // What it says now holds.
    it.answers = (what, id) =>
      what === "bind" && it.heard.at(-2) === "search" ? answer(id, 0x61, 49) : good(what, id);
    await clock.advance(10 * 60_000);
    expect(await directory.authenticate("erp", "right", "a")).toHaveProperty("denied");
  });

  test("while it is down the password before the last one does not go on", async ({
    expect,
    onTestFinished,
  }) => {
    const it = await play(onTestFinished, good);
    const { directory, clock } = logOnBy(it.port);
    await directory.authenticate("erp", "old", "a");
    await directory.authenticate("ERP", "new", "a");
    await directory.authenticate("erp@x.test", "new", "a");
    it.answers = () => undefined;
    await clock.advance(10 * 60_000);
    await expect(directory.authenticate("erp", "old", "a")).rejects.toThrow();
    for (const name of ["ERP", "erp@x.test"])
      expect(await directory.authenticate(name, "new", "a")).toMatchObject({ user: "erp" });
  });

  test("one name that it cannot answer for is no reason to leave the others alone", async ({
    expect,
    onTestFinished,
  }) => {
    const it = await play(onTestFinished, (what, id) => (what === "search" ? undefined : good(what, id)));
    const { directory } = logOnBy(it.port);
    await expect(directory.authenticate("slow", "p", "a")).rejects.toThrow();
    it.answers = good;
    expect(await directory.authenticate("erp", "right", "b")).toMatchObject({ user: "erp" });
  });
});
