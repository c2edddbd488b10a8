/**
 * One HTTP request over node:http or node:https: for tokens and the APIs of providers. No redirect is followed, nothing
 * is cached, answers are bounded, every wait has an end.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import type { Dns, Ports } from "./ports.ts";

export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** From the beginning to the whole answer. */
  readonly timeoutMs: number;
  /** Octets of the answer; a longer one is a failure. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** No answer came, or none that could be taken. Neither URL nor body nor headers stand in the text. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  /** The whole request was handed to the system: it may have been acted upon. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

export type HttpRequest = (request: OutgoingRequest) => Promise<Answer>;

/** Names are resolved by `dns`. Rejects with HttpFailure. */
export function createHttpRequest({ clock, dns }: Pick<Ports, "clock" | "dns">): HttpRequest {
  const lookup = lookupBy(dns);
  return (outgoing) =>
    new Promise((resolve, reject) => {
      const { method, url, headers, body, timeoutMs, mostBytes, signal } = outgoing;
      const send = url.startsWith("https:") ? httpsRequest : httpRequest;
      let sent = false;
      const fail = (message: string, cause?: unknown): void => {
        done();
        reject(new HttpFailure(message, sent, cause));
        request.destroy();
      };
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", aborted);
      };
      const aborted = (): void => fail("given up");
      const timer = clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs / 1000} s`));
      const request = send(url, {
        method,
        lookup,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
      });
      request.on("error", (error) => fail(error.message === "" ? String(error) : error.message, error));
      request.on("finish", () => (sent = true));
      request.on("response", (response: IncomingMessage) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > mostBytes) fail(`the answer is longer than ${mostBytes} bytes`);
          else pieces.push(piece);
        });
        response.on("error", (error) => fail(error.message, error));
        response.on("end", () => {
          done();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
          });
        });
      });
      signal?.addEventListener("abort", aborted);
      if (signal?.aborted === true) return aborted();
      request.end(body);
    });
}

/** For Node, which asks for one address or for all of them. */
function lookupBy(dns: Dns): LookupFunction {
  const look = async (hostname: string, all: boolean, tell: Parameters<LookupFunction>[2]): Promise<void> => {
    let found: { address: string; family: number }[];
    try {
      const addresses = await dns.addresses(hostname);
      found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    } catch (error) {
      return tell(error instanceof Error ? error : new Error(String(error)), []);
    }
    const [first] = found;
    if (all) tell(null, found);
    else tell(null, first?.address ?? "", first?.family);
  };
  return (hostname, options, callback) => void look(hostname, options.all === true, callback);
}
