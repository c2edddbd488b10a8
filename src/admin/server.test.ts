import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { connectAdmin, NoRelayError } from "./client.ts";
import { type AdminServer, serveAdmin } from "./server.ts";
import { pointerFile, socketPlace } from "./socket-path.ts";
import { type OpenStreams, streamEvents } from "./stream-events.ts";

let directory: string;
const servers: AdminServer[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-socket-"));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(directory, { recursive: true, force: true });
});

async function serve(dataDirectory: string, body = { hello: 1 }): Promise<AdminServer> {
  const server = await serveAdmin(dataDirectory, () => Response.json(body));
  servers.push(server);
  return server;
}
async function ask(dataDirectory: string): Promise<unknown> {
  return (await connectAdmin({ dataDirectory })).call("about", {});
}
async function long(): Promise<string> {
  const path = join(directory, "d".repeat(120));
  await mkdir(path);
  return path;
}
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe("the socket", () => {
  test("is its user's alone, answers, and goes with the relay", async () => {
    const { path, close } = await serve(directory);
    expect(path).toBe(join(directory, "admin.sock"));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ask(directory)).toEqual({ hello: 1 });
    await close();
    expect(await exists(path)).toBe(false);
    const fault: unknown = await ask(directory).catch((reason: unknown) => reason);
    expect(fault).toBeInstanceOf(NoRelayError);
    expect((fault as Error).message).toContain(directory);
  });

  test("is open to a group's members, and to nobody of it any more", async () => {
    const { path, admit } = await serve(directory);
    const group = process.getuid?.() === 0 ? 12_345 : (process.getgid?.() ?? 0);
    await admit(String(group));
    expect(await stat(path)).toMatchObject({ gid: group });
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect((await stat(directory)).mode & 0o777).toBe(0o710);
    await admit(undefined);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("stays its user's alone where there is no such group", async () => {
    const { path, admit } = await serve(directory);
    await expect(admit("no-such-group-of-weir")).rejects.toThrow("there is no group");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("of a long path is open to a group as well", async () => {
    const dataDirectory = await long();
    const { path, admit } = await serve(dataDirectory);
    await admit(String(process.getgid?.() ?? 0));
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o710);
    expect((await stat(pointerFile(dataDirectory))).mode & 0o777).toBe(0o640);
  });

  test("left behind by a relay that was killed is taken over", async () => {
    const path = join(directory, "admin.sock");
    // As kill -9 leaves it: the file stays, nobody listens.
    const dead = createServer().listen(join(directory, "other.sock"));
    await new Promise((resolve) => dead.once("listening", resolve));
    await rename(join(directory, "other.sock"), path);
    await new Promise((resolve) => dead.close(resolve));
    expect(await exists(path)).toBe(true);
    await serve(directory);
    expect(await ask(directory)).toEqual({ hello: 1 });
  });

  test("a file in its place is left alone", async () => {
    await writeFile(join(directory, "admin.sock"), "precious");
    await expect(serve(directory)).rejects.toThrow(/no socket/);
    expect(await readFile(join(directory, "admin.sock"), "utf8")).toBe("precious");
  });

  test("of a relay that runs is left alone", async () => {
    await serve(directory);
    await expect(serve(directory)).rejects.toThrow(/somebody answers/);
    expect(await ask(directory)).toEqual({ hello: 1 });
  });

  test("two relays have two", async () => {
    await mkdir(join(directory, "a"));
    await mkdir(join(directory, "b"));
    await serve(join(directory, "a"), { hello: 1 });
    await serve(join(directory, "b"), { hello: 2 });
    expect([await ask(join(directory, "a")), await ask(join(directory, "b"))]).toEqual([
      { hello: 1 },
      { hello: 2 },
    ]);
  });
});

test("a client that leaves a stream ends it", async () => {
  const streams: OpenStreams = new Set();
  let push: (item: unknown) => void = () => undefined;
  const server = await serveAdmin(directory, ({ signal }) =>
    streamEvents(
      (next) => {
        push = next;
        return () => undefined;
      },
      { clock: createFakeClock(), streams, signal },
    ),
  );
  servers.push(server);
  const client = await connectAdmin({ dataDirectory: directory });
  const left = new AbortController();
  const ended = (async () => {
    for await (const item of client.stream("followEvents", {}, { signal: left.signal })) expect(item).toBe(0);
  })();
  await expect.poll(() => streams.size).toBe(1);
  left.abort();
  await ended;
  await expect.poll(() => streams.size).toBe(0);

  const seen: unknown[] = [];
  const breaking = (async () => {
    for await (const item of client.stream("followEvents", {})) if (seen.push(item) === 2) break;
  })();
  await expect.poll(() => streams.size).toBe(1);
  for (let i = 0; i < 3; i++) push(i);
  await breaking;
  expect(seen).toEqual([0, 1]);
  await expect.poll(() => streams.size).toBe(0);
});

describe("a data directory whose path is too long for one", () => {
  test("names another place, which goes with the relay", async () => {
    const dataDirectory = await long();
    const { path, close } = await serve(dataDirectory);
    expect(path.length).toBeLessThan(104);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect((await readFile(pointerFile(dataDirectory), "utf8")).trim()).toBe(path);
    expect(await ask(dataDirectory)).toEqual({ hello: 1 });
    await expect(serve(dataDirectory)).rejects.toThrow(/somebody answers/);
    await close();
    expect(await exists(dirname(path))).toBe(false);
    await expect(ask(dataDirectory)).rejects.toThrow(NoRelayError);
  });

  test("the place that a killed relay named is removed, no other", async () => {
    const dataDirectory = await long();
    const left = await mkdtemp(join(tmpdir(), "weir-"));
    await writeFile(pointerFile(dataDirectory), `${join(left, "admin.sock")}\n`);
    await serve(dataDirectory);
    expect(await exists(left)).toBe(false);
    await servers.pop()?.close();
    const precious = join(directory, "precious", "admin.sock");
    await mkdir(dirname(precious));
    await writeFile(precious, "");
    await writeFile(pointerFile(dataDirectory), precious);
    await serve(dataDirectory);
    expect(await exists(precious)).toBe(true);
  });
});

test("Windows has a named pipe for each data directory, whatever the case of its path", () => {
  const system = { platform: "win32", temporary: "C:\\Temp" };
  const place = socketPlace("/Data", system);
  expect(place.kind).toBe("namedPipe");
  expect(place.path).toMatch(/^\\\\\.\\pipe\\weir-[0-9a-f]{32}$/);
  expect(socketPlace("/dATA", system)).toEqual(place);
  expect(socketPlace("/data2", system)).not.toEqual(place);
});
