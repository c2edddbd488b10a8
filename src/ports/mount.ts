/** On which mount a path lies, where the system tells: Linux, by /proc. */
import { access, readFile, realpath } from "node:fs/promises";

export interface Mount {
  readonly point: string;
  /** `ext4`, `nfs4`, `overlay`, `tmpfs`, … */
  readonly type: string;
  /** Of the mount and of the file system. */
  readonly options: readonly string[];
  /** `major:minor` */
  readonly device: string;
}

/**
 * The mount that holds `path`, which is absolute and free of links. `table` in the form of /proc/self/mountinfo,
 * proc(5). Undefined: none is known.
 */
export function mountOf(path: string, table: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of table.split("\n")) {
    const [before = "", behind = ""] = line.split(" - ");
    const [, , device = "", , at = "", options = ""] = before.split(" ");
    const [type = "", , more = ""] = behind.split(" ");
    if (type === "") continue;
    const point = at.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    const holds = path === point || path.startsWith(point === "/" ? "/" : `${point}/`);
    // Of two on one point the later one hides the other.
    if (holds && point.length >= (found?.point.length ?? 0))
      found = { point, type, device, options: [...new Set([...options.split(","), ...more.split(",")])] };
  }
  return found;
}

const inMemory = ["tmpfs", "ramfs", "rootfs"];
const ofContainers = ["overlay", "aufs", "fuse.fuse-overlayfs", "fuse-overlayfs"];

/** Why what is written to a mount does not outlive the container or a restart; undefined: it does, as far as can be told. */
export function whyPassing(
  { point, type }: Pick<Mount, "point" | "type">,
  inContainer: boolean,
): string | undefined {
  if (inMemory.includes(type)) return `it is in memory (${type}), and gone with the next restart`;
  if (ofContainers.includes(type)) return `it is part of the container (${type}), and goes with it`;
  return inContainer && point === "/" ? "it is part of the container, and goes with it" : undefined;
}

/** The same for a path of this system, or the deepest folder above it that is there. Never rejects. */
export async function whyPathPasses(path: string): Promise<string | undefined> {
  try {
    const [mountinfo, place, inContainer] = await Promise.all([
      readFile("/proc/self/mountinfo", "utf8"),
      there(path),
      isContainer(),
    ]);
    const mount = mountOf(place, mountinfo);
    return mount === undefined ? undefined : whyPassing(mount, inContainer);
  } catch {
    return undefined;
  }
}

async function there(path: string): Promise<string> {
  return realpath(path).catch(() => {
    const above = path.replace(/\/[^/]*$/, "");
    return above === "" || above === path ? "/" : there(above);
  });
}

/** This process has a system of its own, which it shares with no other user. Never rejects. */
export async function runsInContainer(): Promise<boolean> {
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  return ofContainers.includes(mountOf("/", mountinfo)?.type ?? "") || isContainer();
}

/** Not by /.dockerenv: machines that were made of an image have it, too. Docker's own roots are told by their type. */
async function isContainer(): Promise<boolean> {
  if (process.env["KUBERNETES_SERVICE_HOST"] !== undefined || process.env["container"] !== undefined)
    return true;
  return access("/run/.containerenv").then(
    () => true,
    () => false,
  );
}
