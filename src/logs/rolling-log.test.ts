import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile, chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { filesToRemove, type LogFileInfo } from "./log-files.ts";
import { LogFile } from "./log-file.ts";
import { createRollingLog, type RollingLog, type RollingLogOptions } from "./rolling-log.ts";

let directory: string;
let clock: FakeClock;
const open: RollingLog[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-log-"));
  clock = createFakeClock(Date.UTC(2026, 0, 15, 23, 0, 0));
});
afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  await rm(directory, { recursive: true });
});

const dayMs = 86_400_000;
const roomy = { maxAgeMs: 30 * dayMs, maxFileSizeBytes: 1000, maxDirectorySizeBytes: 10_000 };
const openLog = (options: Partial<RollingLogOptions> = {}): RollingLog => {
  const log = createRollingLog({
    directory,
    prefix: "RECV",
    extension: "log",
    clock,
    limits: roomy,
    lostLine: (count) => `#Lost ${count}\n`,
    ...options,
  });
  open.push(log);
  return log;
};
const names = async () => (await readdir(directory)).sort();
const read = (name: string) => readFile(join(directory, name), "utf8");

describe("rolling log", () => {
  it("gathers lines and writes them once, behind the header", async () => {
    const log = openLog({ header: () => "#Head\n" });
    log.write("a\n");
    log.write("b\n");
    await clock.settle();
    expect(await names()).toEqual([]);
    expect(log.waiting()).toEqual(["a\n", "b\n"]);
    await clock.advance(50);
    await log.flush();
    expect(await names()).toEqual(["RECV20260115-1.log"]);
    expect(await read("RECV20260115-1.log")).toBe("#Head\na\nb\n");
    expect(log.waiting()).toEqual([]);
  });

  it("begins a new file when the next line would not fit, each with its header", async () => {
    const log = openLog({ header: () => "#H\n", limits: { ...roomy, maxFileSizeBytes: 10 } });
    for (const line of ["aaa\n", "bb\n", "cc\n", "a line that is longer than a file\n", "d\n"])
      log.write(line);
    await log.flush();
    expect(await names()).toEqual([1, 2, 3, 4].map((n) => `RECV20260115-${n}.log`));
    expect(await read("RECV20260115-1.log")).toBe("#H\naaa\nbb\n");
    expect(await read("RECV20260115-2.log")).toBe("#H\ncc\n");
    expect(await read("RECV20260115-3.log")).toBe("#H\na line that is longer than a file\n");
    expect(await read("RECV20260115-4.log")).toBe("#H\nd\n");
  });

  it("begins anew where its file, or its folder, was removed or moved away", async () => {
    const log = openLog({ header: () => "#H\n" });
    const file = "RECV20260115-1.log";
    log.write("a\n");
    await log.flush();
    await rename(join(directory, file), join(directory, "rotated"));
    await clock.advance(5_000);
    log.write("b\n");
    await log.flush();
    expect([await read("rotated"), await read(file)]).toEqual(["#H\na\n", "#H\nb\n"]);
    await rm(directory, { recursive: true });
    await clock.advance(5_000);
    log.write("c\n");
    await log.flush();
    expect(await read(file)).toBe("#H\nc\n");
  });

  it("lets nobody else look, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      const log = openLog({ directory: join(directory, "a/b"), within: directory });
      log.write("a\n");
      await log.flush();
    } finally {
      process.umask(umask);
    }
    const modes = await Promise.all(
      ["a", "a/b", "a/b/RECV20260115-1.log"].map((path) => stat(join(directory, path))),
    );
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o750, 0o750, 0o640]);
  });

  it("counts octets, not characters", async () => {
    const log = openLog({ limits: { ...roomy, maxFileSizeBytes: 10 } });
    for (const line of ["äöü\n", "äö\n"]) log.write(line);
    await log.flush();
    expect(await read("RECV20260115-1.log")).toBe("äöü\n");
    expect(await read("RECV20260115-2.log")).toBe("äö\n");
  });

  it("begins anew with each UTC day, from 1", async () => {
    const log = openLog({ limits: { ...roomy, maxFileSizeBytes: 3 } });
    log.write("a\n");
    log.write("b\n");
    await log.flush();
    await clock.advance(60 * 60_000);
    log.write("c\n");
    await log.flush();
    expect(await names()).toEqual(["RECV20260115-1.log", "RECV20260115-2.log", "RECV20260116-1.log"]);
  });

  it("keeps the directory within its size, of its own family only", async () => {
    await writeFile(join(directory, "SEND20200101-1.log"), "x".repeat(5000));
    const log = openLog({ limits: { ...roomy, maxFileSizeBytes: 10, maxDirectorySizeBytes: 30 } });
    for (let n = 0; n < 10; n++) log.write(`line ${n}xx\n`);
    await log.flush();
    expect(await names()).toEqual(
      [8, 9, 10]
        .map((n) => `RECV20260115-${n}.log`)
        .concat("SEND20200101-1.log")
        .sort(),
    );
  });

  it("removes what is too old, also while nothing is written", async () => {
    await writeFile(join(directory, "RECV20260110-1.log"), "old\n");
    await writeFile(join(directory, "RECV20260114-1.log"), "kept\n");
    openLog({ limits: { ...roomy, maxAgeMs: 2 * dayMs } });
    await clock.advance(60 * 60_000);
    await expect.poll(() => names()).toEqual(["RECV20260114-1.log"]);
  });

  it("goes on with today's file after a restart and cuts off half a line", async () => {
    await writeFile(join(directory, "RECV20260115-1.log"), "#H\nwhole\nhal");
    const log = openLog({ header: () => "#H\n" });
    log.write("next\n");
    await log.flush();
    expect(await read("RECV20260115-1.log")).toBe("#H\nwhole\nnext\n");
  });

  it("drops what finds no room and tells how much, behind what came before", async () => {
    const log = openLog({ maxBufferedChars: 10 });
    for (const line of ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n"]) log.write(line);
    expect(log.lost).toBe(2);
    await log.flush();
    log.write("eeee\n");
    await log.flush();
    expect(await read("RECV20260115-1.log")).toBe("aaaa\nbbbb\n#Lost 2\neeee\n");
  });

  it("holds nobody up while the disk hangs: what waits is bounded, what is lost is told", async () => {
    let goOn = (): void => undefined;
    const hanging = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const append = vi.spyOn(LogFile.prototype, "append");
    append.mockImplementationOnce(async function (this: LogFile, lines) {
      await hanging;
      // The mock stands for one call only.
      await this.append(lines);
    });
    const log = openLog({ maxBufferedChars: 50, limits: { ...roomy, maxFileSizeBytes: 10_000 } });
    log.write("0000\n");
    await clock.advance(50);
    for (let i = 1; i <= 1000; i++) log.write(`${String(i).padStart(4, "0")}\n`);
    await clock.advance(60_000);
    expect(log.waiting().join("").length).toBeLessThanOrEqual(50);
    expect(log.lost).toBe(991);
    goOn();
    await log.flush();
    const lines = (await read("RECV20260115-1.log")).split("\n");
    expect(lines.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => String(i).padStart(4, "0")));
    expect(lines.slice(10)).toEqual(["#Lost 991", ""]);
  });

  it("tells when a file is finished, and removes its companion with it", async () => {
    const companion = (path: string) => `${path}.idx`;
    let rolled = 0;
    const log = openLog({
      companion,
      onRolled: () => rolled++,
      limits: { ...roomy, maxFileSizeBytes: 10, maxDirectorySizeBytes: 45 },
    });
    log.write("aaaaaaaaa\n");
    await log.flush();
    expect(rolled).toBe(0);
    await writeFile(join(directory, "RECV20260115-1.log.idx"), "index");
    log.write("bbbbbbbbb\n");
    await log.flush();
    expect(rolled).toBe(1);
    await writeFile(join(directory, "RECV20260115-2.log.idx"), "i".repeat(20));
    expect(await names()).toHaveLength(4);
    log.write("ccccccccc\n");
    await log.flush();
    expect(await names()).toEqual(["RECV20260115-2.log", "RECV20260115-2.log.idx", "RECV20260115-3.log"]);
  });

  it("tries again while it cannot write, tells the fault once, and loses nothing that fits", async () => {
    const blocked = join(directory, "logs");
    await writeFile(blocked, "a file where the directory should be");
    const faults: string[] = [];
    const log = openLog({ directory: blocked, onFault: ({ message }) => faults.push(message) });
    log.write("a\n");
    await log.flush();
    await log.flush();
    expect(faults).toHaveLength(1);
    await rm(blocked);
    log.write("b\n");
    await clock.advance(30_000);
    await log.flush();
    expect(await readFile(join(blocked, "RECV20260115-1.log"), "utf8")).toBe("a\nb\n");
    expect(log.lost).toBe(0);
  });

  it("closes though it cannot write, and leaves no timer", async () => {
    await writeFile(join(directory, "logs"), "");
    const log = openLog({ directory: join(directory, "logs") });
    log.write("a\n");
    await log.close();
    expect(log.lost).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    log.write("b\n");
    await log.flush();
  });

  it("a file that cannot be removed does not end the log", async () => {
    const logs = join(directory, "logs");
    await mkdir(join(logs, "RECV20250101-1.log"), { recursive: true });
    await chmod(logs, 0o755);
    const log = openLog({ directory: logs });
    log.write("a\n");
    await log.flush();
    expect(await readFile(join(logs, "RECV20260115-1.log"), "utf8")).toBe("a\n");
  });
});

describe("filesToRemove", () => {
  const file = (day: string, sizeBytes = 10): LogFileInfo => ({
    path: day,
    day,
    number: 1,
    sizeBytes: sizeBytes - 2,
    companionBytes: 2,
  });
  const now = new Date(Date.UTC(2026, 0, 15, 12));
  it.each([
    ["nothing to do", ["20260114", "20260115"], Infinity, 100, 0, []],
    ["a day counts until its end", ["20260112", "20260113"], dayMs * 2, 100, 0, ["20260112"]],
    ["the oldest make room", ["20260113", "20260114", "20260115"], Infinity, 30, 10, ["20260113"]],
    ["a wrong clock's files go first", ["20260113", "20360101"], Infinity, 20, 10, ["20360101"]],
    ["tomorrow's are another zone's", ["20260113", "20260116"], Infinity, 20, 10, ["20260113"]],
  ])("%s", (_name, days, maxAgeMs, maxDirectorySizeBytes, reserve, gone) => {
    const files = days.map((day) => file(day));
    expect(
      filesToRemove(files, { maxAgeMs, maxDirectorySizeBytes }, now, reserve).map(({ path }) => path),
    ).toEqual(gone);
  });

  it("age is as of the time that is believed; which days are to come the clock on the wall tells", () => {
    const files = ["20251201", "20260114", "20260221"].map((day) => file(day));
    const gone = (wall: Date, most: number) =>
      filesToRemove(files, { maxAgeMs: dayMs * 30, maxDirectorySizeBytes: most }, wall, 0, now.getTime()).map(
        ({ path }) => path,
      );
    const ahead = new Date(Date.UTC(2026, 1, 20));
    expect(gone(ahead, 100)).toEqual(["20251201"]);
    expect(gone(ahead, 10)).toEqual(["20251201", "20260114"]);
    expect(gone(now, 10)).toEqual(["20260221", "20251201"]);
  });
});
