/** Which mount a path lies on, by Linux' table of them. Pure. */

export interface Mount {
  readonly point: string;
  /** `ext4`, `nfs4`, `overlay`. */
  readonly type: string;
  /** Of the mount and of the file system. */
  readonly options: readonly string[];
  /** `major:minor`. */
  readonly device: string;
}

/** `table` in the form of /proc/self/mountinfo, proc(5). Undefined: none is known. */
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
