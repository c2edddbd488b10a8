/**
 * Reads of all sockets into one buffer, in place of a new buffer for each read (docs/decisions/0016). It is what
 * `onread` of net.connect does; sockets that a server has accepted, and those that exist already, have no public
 * way to ask for it, so it is asked for as Node itself does. Where a version of Node has no such way, `data` events
 * tell of the octets as ever.
 */
import type { Socket } from "node:net";

interface ReadHandle {
  readonly useUserBuffer: (buffer: Uint8Array) => void;
}
type ReadHook = (length: number, buffer: Buffer) => boolean;

/** As much as libuv reads at once. One buffer is enough: a read is heard before the next one begins. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** The slots of a socket that `onread` fills. */
let slots: { readonly buffer: symbol; readonly hook: symbol } | undefined;

/**
 * Calls `hear` with the octets of each read; they are valid until it returns. Returns false, and changes nothing,
 * where this Node cannot: listen for `data` in any case, which also tells of octets that were put back. `pause`,
 * `resume` and `end` keep their meaning. Cost: nothing a read but a view; it saves some 4 µs a read.
 */
export function shareReads(socket: Socket, hear: (octets: Buffer) => void): boolean {
  // oxlint-disable-next-line no-underscore-dangle
  const handle = (socket as unknown as { readonly _handle?: Partial<ReadHandle> | null })._handle;
  slots ??= findSlots(socket);
  if (slots === undefined || typeof handle?.useUserBuffer !== "function") return false;
  const fields = socket as unknown as Record<symbol, unknown>;
  if (fields[slots.buffer] !== null || fields[slots.hook] !== null) return false;
  const hook: ReadHook = (length, buffer) => {
    hear(buffer.subarray(0, length));
    return true;
  };
  fields[slots.buffer] = shared;
  fields[slots.hook] = hook;
  handle.useUserBuffer(shared);
  return true;
}

function findSlots(socket: Socket): typeof slots {
  const named = (name: string) =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const buffer = named("kBuffer");
  const hook = named("kBufferCb");
  return buffer === undefined || hook === undefined || named("kBufferGen") === undefined
    ? undefined
    : { buffer, hook };
}
