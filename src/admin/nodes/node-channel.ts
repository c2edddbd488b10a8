/**
 * Asks another node over TLS. Both prove who they are by the certificates whose fingerprints stand in the nodes' rows of the
 * database: nothing is trusted by its name, and nothing is sent before the other side is known.
 */
import { createHash, X509Certificate } from "node:crypto";
import { Agent, request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import { requestOf } from "../client.ts";
import type { Caller } from "../caller.ts";
import type { ErrorBody, OperationName } from "../contract.ts";
import { notKnownHere } from "../read-input.ts";
import { AdminRefusal } from "../refusal.ts";
import { routes } from "../routes.ts";

/** In the certificate's PEM and its key's. */
export interface NodePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface AskedPeer {
  readonly name: string;
  readonly address: string;
  readonly fingerprint: string;
}

/** A node gave no answer; the message says why, behind `relay-b did not answer:`. */
export class NodeSilent extends Error {
  override readonly name = "NodeSilent";
}

/** Who asks, for the other node's audit: base64 of JSON. */
export const callerHeader = "weir-caller";

const connectMs = 2_000;
const idleMs = 30_000;

export function fingerprintOf(certificate: Buffer): string {
  return createHash("sha256").update(certificate).digest("hex");
}

/** Of a certificate in PEM. */
export function fingerprintOfPem(pem: Buffer): string {
  return fingerprintOf(new X509Certificate(pem).raw);
}

export interface NodeChannel {
  /**
   * Resolves with the response where it is 200. Rejects with NodeSilent when there is none within `headMs`, with AdminRefusal when the
   * other node refuses.
   */
  ask(
    name: OperationName,
    input: Readonly<Record<string, unknown>>,
    options: { readonly caller: Caller; readonly headMs: number; readonly signal?: AbortSignal },
  ): Promise<IncomingMessage>;
  close(): void;
}

export function openNodeChannel(peer: AskedPeer, pair: () => NodePair | undefined): NodeChannel {
  const agent = new PinnedAgent(peer, pair);
  return {
    async ask(name, input, { caller, headMs, signal }) {
      const { method, path, body } = requestOf(routes[name], input);
      const late = AbortSignal.timeout(headMs);
      const ended = new AbortController();
      const leave = (): void => ended.abort();
      signal?.addEventListener("abort", leave);
      late.addEventListener("abort", leave);
      try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
          const { name: who, role, from } = caller;
          const asked = request(
            {
              agent,
              method,
              path,
              signal: ended.signal,
              headers: {
                host: "weir",
                [callerHeader]: Buffer.from(JSON.stringify({ name: who, role, from })).toString("base64"),
                ...(body === undefined ? {} : { "content-type": "application/json" }),
              },
            },
            resolve,
          );
          asked.once("error", reject);
          asked.end(body);
        });
        // From here on the answer may take its time.
        late.removeEventListener("abort", leave);
        if (response.statusCode === 200) return response;
        throw refusalOf(await readText(response), response.statusCode ?? 0, `there is no ${method} ${path}`);
      } catch (error) {
        if (error instanceof AdminRefusal) throw error;
        throw new NodeSilent(late.aborted ? `no answer within ${headMs / 1000} s` : textOf(error));
      } finally {
        late.removeEventListener("abort", leave);
      }
    },
    close: () => agent.destroy(),
  };
}

class PinnedAgent extends Agent {
  readonly #peer: AskedPeer;
  readonly #pair: () => NodePair | undefined;

  constructor(peer: AskedPeer, pair: () => NodePair | undefined) {
    super({ keepAlive: true, timeout: idleMs, maxFreeSockets: 4 });
    this.#peer = peer;
    this.#pair = pair;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { host, port } = hostOf(this.#peer.address);
    const own = this.#pair();
    const told = (error: Error | null, socket?: TLSSocket): void =>
      callback?.(error, socket as unknown as Duplex);
    if (own === undefined) {
      told(new Error("this node has no certificate"));
      return undefined;
    }
    const socket = connect({ host, port, ...own, minVersion: "TLSv1.3", rejectUnauthorized: false });
    const timer = setTimeout(() => socket.destroy(new Error("it cannot be reached")), connectMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      told(error);
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.removeListener("error", fail);
      const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
      if (raw !== undefined && fingerprintOf(raw) === this.#peer.fingerprint) return told(null, socket);
      socket.on("error", () => undefined);
      socket.destroy();
      told(new Error(`who answers at ${this.#peer.address} is another`));
    });
    return undefined;
  }
}

/** `10.0.0.1:8026`, `[::1]:8026` */
function hostOf(address: string): { readonly host: string; readonly port: number } {
  const cut = address.lastIndexOf(":");
  return { host: address.slice(0, cut).replace(/^\[|\]$/g, ""), port: Number(address.slice(cut + 1)) };
}

/** What a node of another release cannot answer is no refusal of the question: it did not answer, and is named. */
function refusalOf(body: string, status: number, unknownText: string): Error {
  try {
    const { error } = JSON.parse(body) as Partial<ErrorBody>;
    if (error !== undefined) {
      // As its API says it (admin/app.ts, admin/read-input.ts). The query is not part of it.
      if (error.code === "notFound" && unknownText.split("?", 1)[0] === error.message)
        return new NodeSilent("it runs another release, which does not know this question");
      const unknown = (error.faults ?? []).filter(({ message }) => message === notKnownHere);
      if (error.code === "invalidInput" && unknown.length > 0)
        return new NodeSilent(
          `it runs another release, which does not know ${unknown.map(({ path: of }) => of).join(", ")}`,
        );
      return new AdminRefusal(error.code, error.message, error.faults);
    }
  } catch {
    // Not of a relay's making; told below.
  }
  return new NodeSilent(`it answered ${status}`);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" ? "nobody listens there" : error.message;
}
