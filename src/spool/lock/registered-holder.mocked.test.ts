/** Where the kernel cannot be asked who listens: file systems shared between machines, and those without sockets. */
import { linkSync, lstatSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { tryRegister } from "./registered-holder.ts";

const nfs = 0x6969;
const system = vi.hoisted(() => ({
  /** f_type of the file system; undefined: as it is. */
  type: undefined as number | undefined,
  /** What keeps a socket from listening. */
  listenFault: undefined as string | undefined,
  nowMs: 0,
  /** After each delay. */
  onDelay: (): void => undefined,
}));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...fs,
    statfs: async (path: string) => {
      const found = await fs.statfs(path);
      if (system.type !== undefined) found.type = system.type;
      return found;
    },
  };
});
vi.mock("node:net", async (importOriginal) => {
  const net = await importOriginal<typeof import("node:net")>();
  return {
    ...net,
    createServer: (...given: Parameters<typeof net.createServer>) => {
      const server = net.createServer(...given);
      const code = system.listenFault;
      if (code === undefined) return server;
      server.listen = () => {
        setImmediate(() => server.emit("error", Object.assign(new Error(code), { code })));
        return server;
      };
      return server;
    },
  };
});
vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    system.nowMs += ms;
    system.onDelay();
    await new Promise((resolve) => setImmediate(resolve));
  },
}));

let directory: string;
let others: Server[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "weir-holder-"));
  others = [];
  system.type = system.listenFault = undefined;
  system.nowMs = 0;
  system.onDelay = () => undefined;
  vi.spyOn(performance, "now").mockImplementation(() => system.nowMs);
});
afterEach(() => {
  for (const server of others) server.close();
  rmSync(directory, { recursive: true });
});

const entries = (): string[] => readdirSync(directory).filter((name) => name.startsWith("holder."));
const other = "holder.7-0123456789ab";
const listenAs = async (name: string): Promise<void> => {
  const server = createServer();
  others.push(server);
  await new Promise<void>((resolve) => void server.listen(join(directory, name), resolve));
};
/** What one that was killed leaves; a listener on another machine's kernel looks the same from here. */
const leaveDeadSocket = async (name: string): Promise<void> => {
  const server = createServer();
  const path = join(directory, "listening");
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  linkSync(path, join(directory, name));
  await new Promise((resolve) => server.close(resolve));
};
const age = (name: string, second: number): void => utimesSync(join(directory, name), second, second);
const held = async (): Promise<{ lost(): Promise<string | undefined>; unlock(): Promise<void> }> => {
  const lock = await tryRegister(directory);
  if ("heldBy" in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
};

describe.runIf(process.platform === "linux")("entries of holders", () => {
  test.each([
    0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x65735546, 0x01021997, 0x00c36400, 0x0bd00bd0, 0x01161970,
    0x7461636f, 0x5346414f, 0x786f4256, 0xbacbacbc,
  ])(
    "on a file system shared between machines (%#) a socket that does not answer is waited for",
    async (type) => {
      await leaveDeadSocket(other);
      system.type = type;
      const lock = await held();
      expect(system.nowMs).toBe(6_000);
      expect(entries()).not.toContain(other);
      await lock.unlock();
      expect(entries()).toEqual([]);
    },
  );

  test("on one of this machine a socket that does not answer is dead at once", async () => {
    await leaveDeadSocket(other);
    const lock = await held();
    expect([system.nowMs, entries().includes(other)]).toEqual([0, false]);
    await lock.unlock();
  });

  test("a holder elsewhere lives while it touches its entry", async () => {
    await leaveDeadSocket(other);
    system.type = nfs;
    let seconds = 1_000;
    system.onDelay = () => system.nowMs === 5_750 && age(other, ++seconds);
    expect(await tryRegister(directory)).toEqual({ heldBy: join(directory, other) });
    expect(entries()).toEqual([other]);
  });

  test("one that goes while it is waited for is gone", async () => {
    await leaveDeadSocket(other);
    system.type = nfs;
    system.onDelay = () => rmSync(join(directory, other), { force: true });
    const lock = await held();
    expect(system.nowMs).toBe(250);
    await lock.unlock();
  });

  test("one that listens lives, wherever it is", async () => {
    await listenAs(other);
    for (const type of [undefined, nfs]) {
      system.type = type;
      expect(await tryRegister(directory)).toEqual({ heldBy: join(directory, other) });
    }
    expect(system.nowMs).toBe(0);
  });

  test("a holder shows that it lives where the kernel cannot tell, and only there", async () => {
    for (const [type, fault, touches] of [
      [nfs, undefined, true],
      [undefined, "EOPNOTSUPP", true],
      [undefined, undefined, false],
    ] as const) {
      system.type = type;
      system.listenFault = fault;
      const lock = await held();
      const [entry = ""] = entries();
      expect(lstatSync(join(directory, entry)).isSocket()).toBe(fault === undefined);
      age(entry, 1_000);
      expect(await lock.lost()).toBeUndefined();
      expect(lstatSync(join(directory, entry)).mtimeMs > 1_000_000).toBe(touches);
      await lock.unlock();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  test("without sockets the entry is a plain file of its own", async () => {
    system.listenFault = "EOPNOTSUPP";
    const lock = await held();
    const [entry = ""] = entries();
    const found = lstatSync(join(directory, entry));
    expect([found.isFile(), found.mode & 0o777]).toEqual([true, 0o600]);
    await lock.unlock();
  });

  test.each(["ENOSPC", "EDQUOT", "EROFS", "EMFILE"])(
    "%s is no reason to do without a socket",
    async (code) => {
      system.listenFault = code;
      await expect(tryRegister(directory)).rejects.toMatchObject({ code });
      expect(entries()).toEqual([]);
    },
  );

  test("a plain file is waited for; what is none of ours is let alone", async () => {
    writeFileSync(join(directory, other), "");
    for (const name of ["holder.7", "holder.x-0123456789ab", `${other}0`, `a${other}`])
      writeFileSync(join(directory, name), "");
    const lock = await held();
    expect(system.nowMs).toBe(6_000);
    expect(readdirSync(directory).sort()).toEqual(
      [
        "holder.7",
        "holder.x-0123456789ab",
        `${other}0`,
        `a${other}`,
        ...entries().filter((name) => /^holder\.\d+-[0-9a-f]{12}$/.test(name)),
      ].sort(),
    );
    await lock.unlock();
  });
});
