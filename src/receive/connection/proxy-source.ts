/** Reads the PROXY header that a listed load balancer puts before the client's own octets. */
import type { Socket } from "node:net";
import { parseProxyHeader } from "../../core/proxy/proxy-header.ts";
import type { Clock } from "../../ports/ports.ts";

export type ProxySource =
  | { readonly kind: "source"; readonly address: string }
  /** The balancer speaks for itself, or does not know. */
  | { readonly kind: "balancer" }
  /** It ended without a word, as a check of the port does. */
  | { readonly kind: "left" }
  /** The header is missing, malformed or late. */
  | { readonly kind: "invalid" };

const headerTimeoutMs = 5_000;

/** Resolves with the source, the client's own octets put back for the next reader. */
export function readProxySource(socket: Socket, clock: Clock): Promise<ProxySource> {
  return new Promise((resolve) => {
    let octets: Buffer = Buffer.alloc(0);
    const end = (result: ProxySource): void => {
      timer.cancel();
      socket.removeListener("data", read);
      socket.removeListener("end", gone);
      socket.removeListener("close", gone);
      socket.pause();
      resolve(result);
    };
    const gone = (): void => end({ kind: octets.length === 0 ? "left" : "invalid" });
    const read = (chunk: Buffer): void => {
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
      const header = parseProxyHeader(octets);
      if (header.kind === "incomplete") return;
      if (header.kind === "invalid") return end({ kind: "invalid" });
      end(
        header.source === undefined
          ? { kind: "balancer" }
          : { kind: "source", address: header.source.address },
      );
      if (octets.length > header.lengthBytes) socket.unshift(octets.subarray(header.lengthBytes));
    };
    const timer = clock.after(headerTimeoutMs, () => end({ kind: "invalid" }));
    socket.on("data", read);
    socket.on("end", gone);
    socket.on("close", gone);
  });
}
