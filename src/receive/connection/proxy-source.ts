/** Reads the PROXY header that a listed load balancer puts before the client's own octets. */
import type { Socket } from "node:net";
import { parseProxyHeader } from "../../core/proxy/proxy-header.ts";
import type { Clock } from "../../ports/ports.ts";

export interface ProxySource {
  /** Undefined: the balancer speaks for itself. */
  readonly source: { readonly address: string; readonly port: number } | undefined;
}

const headerTimeoutMs = 5_000;

/**
 * Resolves with the source, the client's own octets put back for the next reader; undefined when the header is
 * missing, malformed or late, or the connection ended.
 */
export function readProxySource(socket: Socket, clock: Clock): Promise<ProxySource | undefined> {
  return new Promise((resolve) => {
    let octets: Buffer = Buffer.alloc(0);
    const end = (result: ProxySource | undefined): void => {
      timer.cancel();
      socket.removeListener("data", read);
      socket.removeListener("close", gone);
      socket.pause();
      resolve(result);
    };
    const gone = (): void => end(undefined);
    const read = (chunk: Buffer): void => {
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
      const header = parseProxyHeader(octets);
      if (header.kind === "incomplete") return;
      end(header.kind === "header" ? { source: header.source } : undefined);
      if (header.kind === "header" && octets.length > header.lengthBytes) {
        socket.unshift(octets.subarray(header.lengthBytes));
      }
    };
    const timer = clock.after(headerTimeoutMs, gone);
    socket.on("data", read);
    socket.on("close", gone);
  });
}
