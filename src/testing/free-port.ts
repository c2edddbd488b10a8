import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type ListenOptions, type Server } from "node:net";

/**
 * A TCP port of 127.0.0.1 that nothing listens on and that is this process's own until it ends, where the system is Linux:
 * the kernel gives it to nobody who asks for any port, and no other process is given it here. So it can be listened on
 * later, also again, and also by a child; and where nothing listens, nothing answers. Elsewhere it was free a moment ago.
 */
export async function freePort(): Promise<number> {
  for (let looked = 0; looked < ours.length; looked++) {
    const port = ours.from + (next++ % ours.length);
    const held = await listen({ path: `\0weir-port-${port}` });
    if (held === undefined) continue;
    const server = await listen({ port, host: "127.0.0.1" });
    if (server !== undefined) {
      await closed(server);
      held.unref();
      return port;
    }
    await closed(held);
  }
  const server = await listen({ port: 0, host: "127.0.0.1" });
  if (server === undefined) throw new Error("no port of 127.0.0.1 is free");
  const { port } = server.address() as AddressInfo;
  await closed(server);
  return port;
}

/**
 * Below those the kernel gives to connections and to who asks for any, above those that programs are known by, and none that
 * can be taken for an event's id; none at all where the kernel's range is not known. Each process begins elsewhere: a port is
 * not soon another's.
 */
const ours = ((): { readonly from: number; readonly length: number } => {
  const from = 22_000;
  try {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1");
    return { from, length: Math.max(0, Number(range.split("\t")[0]) - from) };
  } catch {
    return { from, length: 0 };
  }
})();
let next = (process.pid * 97) % Math.max(1, ours.length);

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/** Undefined: taken. */
async function listen(where: ListenOptions): Promise<Server | undefined> {
  const server = createServer().listen(where);
  const isListening = await new Promise<boolean>((resolve, reject) => {
    server.once("listening", () => resolve(true));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
  });
  return isListening ? server : undefined;
}
