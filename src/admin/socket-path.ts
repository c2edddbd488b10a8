/**
 * Where the relay of a data directory is asked: a unix socket in it, on Windows a named pipe. A unix socket's path may
 * have some hundred octets only; where the data directory's is longer, the socket stands in a folder of its own in the
 * system's temporary folder, and the data directory names it (`admin.socket-path`).
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** sun_path has 108 octets on Linux and 104 elsewhere, one of them for its end. */
const longestPathBytes = 103;

export interface SocketPlace {
  readonly path: string;
  readonly kind: "inDataDirectory" | "elsewhere" | "namedPipe";
}

export function pointerFile(dataDirectory: string): string {
  return join(resolve(dataDirectory), "admin.socket-path");
}

/** Where a relay opens its socket. `elsewhere`: a folder must be made for it; the path is its name's beginning. */
export function socketPlace(
  dataDirectory: string,
  system: { readonly platform: string; readonly temporary: string },
): SocketPlace {
  const directory = resolve(dataDirectory);
  if (system.platform === "win32") {
    // Loaded where it is used: every command comes by here.
    const { createHash } = process.getBuiltinModule("node:crypto");
    const id = createHash("sha256").update(directory.toLowerCase()).digest("hex").slice(0, 32);
    return { kind: "namedPipe", path: `\\\\.\\pipe\\weir-${id}` };
  }
  const path = join(directory, "admin.sock");
  if (Buffer.byteLength(path) <= longestPathBytes) return { kind: "inDataDirectory", path };
  return { kind: "elsewhere", path: join(system.temporary, "weir-") };
}

/** The socket a client asks; there need be nobody. */
export function findSocket(dataDirectory: string): string {
  const place = socketPlace(dataDirectory, { platform: process.platform, temporary: "" });
  if (place.kind !== "elsewhere") return place.path;
  return readPointer(pointerFile(dataDirectory)) ?? join(resolve(dataDirectory), "admin.sock");
}

function readPointer(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
