/** A TLS connection through an HTTP proxy (CONNECT, RFC 9110 §9.3.6), for `createConnection` of node:https. */
import { request as httpRequest } from "node:http";
import type { RequestOptions } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

type Connect = NonNullable<RequestOptions["createConnection"]>;

/** `proxy`: `http://host:port`. `signal` ends the way there; the connection is its caller's once it stands. */
export function throughProxy(proxy: string, lookup: LookupFunction, signal: AbortSignal): Connect {
  const at = new URL(proxy);
  return (options, connected) => {
    const { ca } = options as ConnectionOptions;
    const host = options.host ?? "";
    const port = options.port ?? 443;
    const fail = (message: string): void =>
      (connected as (error: Error) => void)(new Error(`${message} (proxy ${at.host})`));
    const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const connecting = httpRequest({
      method: "CONNECT",
      host: at.hostname.replace(/^\[|\]$/g, ""),
      port: at.port === "" ? 80 : Number(at.port),
      lookup,
      path: target,
      headers: { host: target },
      agent: false,
      signal,
    });
    connecting.once("error", (error) => fail(error.message));
    // A proxy that refuses may answer as to any other request.
    connecting.once("response", (response) => {
      response.destroy();
      fail(`${response.statusCode} instead of a tunnel`);
    });
    connecting.once("connect", ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(`${statusCode} instead of a tunnel`);
      }
      const servername = isIP(host) === 0 ? { servername: host } : {};
      connected(null, connectTls({ socket, host, ...servername, ...(ca === undefined ? {} : { ca }) }));
    });
    connecting.end();
    return undefined;
  };
}
