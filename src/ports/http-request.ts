/**
 * One HTTP request over node:http or node:https: for tokens and the APIs of providers. No redirect is followed, nothing
 * is cached, answers are bounded, every wait has an end.
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { throughProxy } from "./proxy-tunnel.ts";
import type { Dns, Ports, Timer } from "./ports.ts";

export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** From the beginning to the whole answer; where `uploads` is given, from the whole request on. */
  readonly timeoutMs: number;
  /** For large bodies: how long until the connection stands, and how long without any progress while they are sent. */
  readonly uploads?: { readonly connectTimeoutMs: number; readonly stalledTimeoutMs: number };
  /** Octets of the answer; a longer one is a failure. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
  /** PEM, each: CAs that count for https, in place of those that Node.js brings. */
  readonly ca?: readonly string[] | undefined;
  /** `http://host:port`: https goes through it (CONNECT), which resolves the name; http does not. */
  readonly proxy?: string | undefined;
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
  /** There was a connection. */
  readonly reached: boolean;
  /** The whole request was handed to the system: it may have been acted upon. */
  readonly sent: boolean;

  constructor(message: string, how: { readonly reached: boolean; readonly sent: boolean }, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reached = how.reached;
    this.sent = how.sent;
  }
}

export type HttpRequest = (request: OutgoingRequest) => Promise<Answer>;

/** 1xx in front of one answer: 100 and some of 103 are usual. */
const mostInformational = 16;

/** Names are resolved by `dns`. Rejects with HttpFailure. */
export function createHttpRequest({ clock, dns }: Pick<Ports, "clock" | "dns">): HttpRequest {
  const lookup = lookupBy(dns);
  return (outgoing) =>
    new Promise((resolve, reject) => {
      const { method, url, headers, body, timeoutMs, uploads, mostBytes, signal, ca, proxy } = outgoing;
      const isSecure = url.startsWith("https:");
      const send = isSecure ? httpsRequest : httpRequest;
      const tunnelled = new AbortController();
      let sent = false;
      let over = false;
      let reached = false;
      let answering = false;
      const fail = (message: string, cause?: unknown): void => {
        done();
        reject(new HttpFailure(message, { reached, sent }, cause));
        request.destroy();
      };
      const done = (): void => {
        over = true;
        timer.cancel();
        tunnelled.abort();
        signal?.removeEventListener("abort", aborted);
      };
      const aborted = (): void => fail("given up");
      const failAfter = (ms: number, what: string): Timer =>
        clock.after(ms, () => fail(`${what} within ${ms / 1000} s`));
      let timer =
        uploads === undefined
          ? failAfter(timeoutMs, "no answer")
          : failAfter(uploads.connectTimeoutMs, "no connection");
      const nowWait = (ms: number, what: string): void => {
        timer.cancel();
        if (!over) timer = failAfter(ms, what);
      };
      const request = send(url, {
        method,
        lookup,
        ...(ca === undefined ? {} : { ca: [...ca] }),
        ...(proxy === undefined || !isSecure
          ? {}
          : { createConnection: throughProxy(proxy, lookup, tunnelled.signal) }),
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
      });
      request.on("error", (error) => {
        // An answer may come before all is sent, and the connection end with it.
        if (!answering) fail(error.message === "" ? String(error) : error.message, error);
      });
      request.on("finish", () => {
        sent = true;
        if (uploads !== undefined) nowWait(timeoutMs, "no answer");
      });
      // Nobody asked for another protocol, and Node.js tells nothing else of it.
      request.on("upgrade", () => fail("it answered 101"));
      let informational = 0;
      request.on("information", () => {
        if (++informational > mostInformational)
          fail(`more than ${mostInformational} answers with 1xx, and none of the request`);
      });
      request.on("response", (response: IncomingMessage) => {
        answering = true;
        if (uploads !== undefined) nowWait(timeoutMs, "no whole answer");
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
          if (!sent) request.destroy();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
          });
        });
      });
      signal?.addEventListener("abort", aborted);
      if (signal?.aborted === true) return aborted();
      const progress = (): void => {
        reached = true;
        if (uploads !== undefined && !answering)
          nowWait(uploads.stalledTimeoutMs, "no progress of the request");
      };
      request.on("socket", (socket) => {
        if (socket.connecting) socket.once(isSecure ? "secureConnect" : "connect", progress);
        else progress();
      });
      if (uploads === undefined) return void request.end(body);
      writeSlices(request, typeof body === "string" ? Buffer.from(body) : body, progress);
    });
}

const sliceBytes = 64 * 1024;

/** Slice by slice, so that it is seen how far the peer has taken them. */
function writeSlices(request: ClientRequest, body: Buffer, progress: () => void, from = 0): void {
  const end = from + sliceBytes;
  if (end >= body.length) return void request.end(body.subarray(from));
  request.write(body.subarray(from, end), (error) => {
    if (error) return;
    progress();
    writeSlices(request, body, progress, end);
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
