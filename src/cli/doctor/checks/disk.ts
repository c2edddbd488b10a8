/** The disk the spool stands on: what kind it is, how full, and whether it keeps what it says it has kept. */
import { open, readFile, realpath, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatSizeFigure } from "../../../core/units/byte-size.ts";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";
import { type Mount, mountOf } from "../../../ports/mount.ts";

/** Of the data directory, or of what is there of the path to it. */
async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined || at === dirname(at)) return real ?? at;
  }
}

/** Each may be a link to, or a mount of, another disk than the data directory's. */
const spoolPlaces = ["spool", "spool/journal", "spool/bodies"];

/** The data directory's mount, and those that hold a part of the spool. */
export const mountType: Check = async ({ dataDirectory }) => {
  const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const mounts = new Map<string, Finding>();
  for (const directory of [dataDirectory, ...spoolPlaces.map((place) => join(dataDirectory, place))]) {
    const mount = mountOf(await nearest(directory), table);
    if (mount !== undefined && !mounts.has(mount.point))
      mounts.set(mount.point, mountFinding(directory, mount));
  }
  return [...mounts.values()];
};

/** File systems whose other users this machine's kernel does not know, and LMDB is not made for. */
const shared = /^(nfs|cifs|smb|9p|fuse|ceph|lustre|gfs|ocfs|afs|virtiofs|vboxsf|glusterfs)/;

export function mountFinding(directory: string, { point, type, options }: Mount): Finding {
  const check = "mount";
  const where = `${directory} is on ${type}, mounted at ${point}`;
  if (options.includes("ro"))
    return {
      check,
      level: "bad",
      code: "mountReadOnly",
      text: `${where}, read-only`,
      advice: "mount it read-write; after an error of the disk: dmesg, fsck",
    };
  if (type === "tmpfs" || type === "ramfs")
    return {
      check,
      level: "bad",
      code: "mountInMemory",
      text: `${where}: accepted mail is in memory, and lost with the machine`,
      advice: "set dataDirectory to a directory on a disk",
    };
  if (type === "overlay")
    return {
      check,
      level: "bad",
      code: "mountInContainer",
      text: `${where}: a layer of the container, and mail in it is lost with the container`,
      advice: "mount a volume at the data directory",
    };
  if (shared.test(type))
    return {
      check,
      level: "warning",
      code: "mountShared",
      text: `${where}, which other machines may use at the same time`,
      advice: "set dataDirectory to a disk of this machine; the spool is not made for shared file systems",
    };
  const unsafe = options.filter((option) => ["nobarrier", "barrier=0"].includes(option));
  if (unsafe.length > 0)
    return {
      check,
      level: "bad",
      code: "mountWithoutBarriers",
      text: `${where} with ${unsafe.join(",")}: a loss of power may take acknowledged mail`,
      advice: `mount it without ${unsafe.join(",")}`,
    };
  return { check, level: "good", code: "mountFine", text: where };
}

const mib = 1024 * 1024;

export const freeSpace: Check = async ({ dataDirectory }) => {
  const findings: Finding[] = [];
  const devices = new Set<number>();
  for (const directory of [dataDirectory, ...spoolPlaces.map((place) => join(dataDirectory, place))]) {
    const place = await nearest(directory);
    const { dev } = await stat(place);
    if (devices.has(dev)) continue;
    devices.add(dev);
    findings.push(...(await spaceOf(directory, place)));
  }
  return findings;
};

async function spaceOf(directory: string, place: string): Promise<readonly Finding[]> {
  const { bavail, blocks, bfree, bsize, files, ffree } = await statfs(place);
  const check = "free space";
  const findings: Finding[] = [];
  const usable = blocks - bfree + bavail;
  const usedPercent = usable === 0 ? 0 : Math.round((100 * (blocks - bfree)) / usable);
  const text = `${formatSizeFigure(bavail * bsize)} are free where ${directory} stands, ${usedPercent} % are used`;
  const isShort = bavail * bsize < 512 * mib || usedPercent >= 90;
  findings.push({
    check,
    level: isShort ? (usedPercent >= 97 || bavail * bsize < 64 * mib ? "bad" : "warning") : "good",
    code: isShort ? "spaceShort" : "spaceFine",
    text,
    ...(isShort && {
      advice:
        "make room, or a larger disk: new mail is refused when it is nearly full (weir Get-ResourcePressure)",
    }),
  });
  if (files > 0 && ffree < Math.max(1000, files / 50))
    findings.push({
      check,
      level: ffree < 100 ? "bad" : "warning",
      code: "inodesShort",
      text: `${ffree} inodes are left there: large messages need one each`,
      advice: "remove small files on that file system, or make it anew with more inodes",
    });
  return findings;
}

const flushes = 21;
/** No disk and no network storage keeps a block in less. */
const tooQuickMs = 0.01;
const slowMs = 100;

/** What can be measured: how long a flush takes, and what the system says of the disk's cache. */
export const flushing: Check = async ({ dataDirectory }) => {
  const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  // What a client's 250 waits for.
  const place = await nearest(join(dataDirectory, "spool/journal"));
  const mount = mountOf(place, table);
  if (mount !== undefined && ["tmpfs", "ramfs"].includes(mount.type)) return [];
  const preload = /eatmydata|nofsync/.exec(process.env["LD_PRELOAD"] ?? "");
  const ms = await flushMs(place);
  const check = "flush";
  if (typeof ms !== "number") {
    const mayNot = ms === "EACCES" || ms === "EPERM";
    return [
      {
        check,
        level: "note",
        code: "flushUnknown",
        text: `how long a flush takes is not known: nothing can be written into ${place}${mayNot ? " by this user" : ` (${ms})`}`,
        advice: mayNot
          ? "run weir doctor as the user the relay runs as, or as root"
          : "a relay could not write there either; what is said of the mount, of its space and of permissions comes first",
      },
    ];
  }
  const cache =
    mount &&
    (await readFile(`/sys/dev/block/${mount.device}/queue/write_cache`, "utf8").catch(() => undefined));
  const text = `a flush takes ${ms < 1 ? ms.toFixed(3) : ms.toFixed(1)} ms (median of ${flushes})${cache === undefined ? "" : `; the disk's cache is ${cache.trim()}`}`;
  return [flushFinding(check, ms, preload !== null, text)];
};

export function flushFinding(check: string, ms: number, isPreloaded: boolean, text: string): Finding {
  if (isPreloaded || ms < tooQuickMs)
    return {
      check,
      level: "warning",
      code: "flushTooQuick",
      text: `${text}: no disk is so quick, so it does not wait for one`,
      advice:
        "look for eatmydata in LD_PRELOAD, for a virtual disk with cache mode unsafe, for a controller that acknowledges from a cache without a battery; acknowledged mail may be lost with the power",
    };
  if (ms > slowMs)
    return {
      check,
      level: "warning",
      code: "flushSlow",
      text: `${text}: each client waits for one`,
      advice: "put the data directory on a quicker disk, or one that others use less",
    };
  return { check, level: "good", code: "flushFine", text };
}

/** Or the system's word for why nothing can be written there. */
async function flushMs(directory: string): Promise<number | string> {
  const file = join(directory, `.weir-doctor-${process.pid}`);
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      const block = Buffer.alloc(4096, "weir doctor\n");
      const took: number[] = [];
      for (let turn = 0; turn < flushes; turn++) {
        block.writeUInt32BE(turn, 0);
        await handle.write(block, 0, block.length, 0);
        const startedAt = performance.now();
        await handle.datasync();
        took.push(performance.now() - startedAt);
      }
      return took.sort((a, b) => a - b)[flushes >> 1] ?? 0;
    } finally {
      await handle.close();
      await rm(file, { force: true });
    }
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code ?? String(fault);
  }
}
