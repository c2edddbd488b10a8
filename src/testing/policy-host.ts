/** An HTTPS server that serves MTA-STS policies as a test says, for any domain, with the certificate that a test gives. */
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import type { Dial } from "../ports/ports.ts";

export interface PolicyHost {
  readonly port: number;
  /** `host path` of each request. */
  readonly asked: readonly string[];
  /** Text of the policy, or a listener of one's own. */
  answer: string | RequestListener;
  /** PEM. For connections from now on. */
  show(shown: { readonly key: string; readonly cert: string }): void;
  /** Leads connections to port 443 of any address here; those to other ports go where they should. */
  readonly dial: Dial;
  /** Addresses of port 443 that were dialled. */
  readonly dialled: readonly string[];
  close(): Promise<void>;
}

export const policyText = (...lines: readonly string[]): string =>
  ["version: STSv1", ...lines, ""].join("\r\n");

export async function startPolicyHost(shown: {
  readonly key: string;
  readonly cert: string;
}): Promise<PolicyHost> {
  const asked: string[] = [];
  const dialled: string[] = [];
  const server = createServer(shown, (request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    if (typeof host.answer !== "string") return host.answer(request, response);
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(host.answer);
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host: PolicyHost = {
    port,
    asked,
    dialled,
    answer: "",
    show: (other) => server.setSecureContext(other),
    async dial(target) {
      const isHttps = target.port === 443;
      if (isHttps) dialled.push(target.address);
      const socket = connect({
        host: isHttps ? "127.0.0.1" : target.address,
        port: isHttps ? port : target.port,
        signal: target.signal,
      });
      await once(socket, "connect", { signal: target.signal });
      return socket;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return host;
}
