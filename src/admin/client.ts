/** Asks a running relay over its socket. Needs nothing but the table of routes: a shell command answers quickly. */
import type { IncomingMessage } from "node:http";
import type {
  AdminErrorCode,
  ConfigurationFault,
  ErrorBody,
  Input,
  OctetsName,
  OperationName,
  Output,
  StreamName,
} from "./contract.ts";
import { exchange } from "./exchange.ts";
import { routes, type Route } from "./routes.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import { findSocket } from "./socket-path.ts";

export interface AdminClient {
  /** Resolves with the output; rejects with AdminError (the relay says no) or NoRelayError (it is gone). */
  call<Name extends Exclude<OperationName, StreamName | OctetsName>>(
    name: Name,
    input: Input<Name>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Output<Name>>;
  /**
   * Ends with the relay, or when the consumer leaves its loop or `signal` aborts. `opened` is called once, behind the first
   * `next`: what happens from then on is told.
   */
  stream<Name extends StreamName>(
    name: Name,
    input: Input<Name>,
    options?: { readonly signal?: AbortSignal; readonly opened?: () => void },
  ): AsyncGenerator<Output<Name>, void, undefined>;
  /** Octets as they come. They break off with an error where the relay does, or has fewer than it said. */
  octets<Name extends OctetsName>(name: Name, input: Input<Name>): Promise<AsyncIterable<Buffer>>;
  /** The socket that is asked. */
  readonly socket: string;
}

/** No relay runs on this data directory. For a shell: exit code 3. */
export class NoRelayError extends Error {
  override readonly name = "NoRelayError";
  readonly code = "noRelay";
  readonly dataDirectory: string;
  readonly socket: string;
  /** One runs, or may: this user may not ask. */
  readonly isDenied: boolean;

  constructor(dataDirectory: string, socket: string, cause?: unknown) {
    super(
      isDenied(cause)
        ? `the relay's socket ${socket} is not open to this user`
        : `no relay runs on the data directory ${dataDirectory}; start it with: weir start`,
      { cause },
    );
    this.dataDirectory = dataDirectory;
    this.socket = socket;
    this.isDenied = isDenied(cause);
  }
}

/** The relay refused. For a shell: exit code 1. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  readonly code: AdminErrorCode;
  readonly faults: readonly ConfigurationFault[];

  constructor({ code, message, faults = [] }: ErrorBody["error"]) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}

/** Looks for the relay of a data directory. Rejects with NoRelayError when nobody answers there. */
export async function connectAdmin({
  dataDirectory,
}: {
  readonly dataDirectory: string;
}): Promise<AdminClient> {
  const socket = findSocket(dataDirectory);
  const notAnswered = (fault: unknown, signal: AbortSignal | undefined): unknown =>
    signal?.aborted === true ? fault : new NoRelayError(dataDirectory, socket, fault);

  /** An answer that is read as it comes. */
  const ask = async (
    name: OperationName,
    input: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> => {
    const { request } = await import("node:http");
    const { text: readText } = await import("node:stream/consumers");
    const { method, path, body } = requestOf(routes[name], input);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(
        {
          socketPath: socket,
          method,
          path,
          // A connection of its own: nothing keeps the process alive afterwards.
          agent: false,
          headers: { host: "weir", ...(body === undefined ? {} : { "content-type": "application/json" }) },
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      asked.once("error", (fault) => reject(notAnswered(fault, signal)));
      asked.end(body);
    });
    if (response.statusCode === 200) return response;
    throw new AdminError(errorOf(await readText(response), response.statusCode));
  };

  return {
    socket,
    async call<Name extends Exclude<OperationName, StreamName | OctetsName>>(
      name: Name,
      input: Input<Name>,
      options: { readonly signal?: AbortSignal } = {},
    ) {
      const { signal } = options;
      const answer = await exchange(socket, requestOf(routes[name], input), signal).catch(
        (fault: unknown) => {
          throw notAnswered(fault, signal);
        },
      );
      if (answer.status !== 200) throw new AdminError(errorOf(answer.body, answer.status));
      return JSON.parse(answer.body) as Output<Name>;
    },
    octets: (name, input) => ask(name, input, undefined),
    async *stream<Name extends StreamName>(
      name: Name,
      input: Input<Name>,
      options: { readonly signal?: AbortSignal; readonly opened?: () => void } = {},
    ) {
      let response: IncomingMessage | undefined;
      try {
        response = await ask(name, input, options.signal);
        options.opened?.();
        for await (const data of serverSentEvents(response)) yield JSON.parse(data) as Output<Name>;
      } catch (fault) {
        // The relay ended, or the caller wanted no more.
        if (options.signal?.aborted !== true && response?.destroyed !== true) throw fault;
      } finally {
        response?.destroy();
      }
    },
  };
}

/** Path, query and body of a request. */
export function requestOf(
  route: Route,
  input: Readonly<Record<string, unknown>>,
): { readonly method: string; readonly path: string; readonly body: string | undefined } {
  const { method } = route;
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = route.path.replace(/\{([A-Za-z]+)\}/g, (_, key: string) => {
    const value = rest.get(key);
    rest.delete(key);
    return encodeURIComponent(String(value));
  });
  if (method !== "GET" && method !== "DELETE") {
    return { method, path, body: JSON.stringify(Object.fromEntries(rest)) };
  }
  const query = new URLSearchParams();
  for (const [key, value] of rest) {
    for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      query.append(key, typeof item === "string" ? item : JSON.stringify(item));
    }
  }
  return { method, path: query.size === 0 ? path : `${path}?${query.toString()}`, body: undefined };
}

function errorOf(body: string, status: number | undefined): ErrorBody["error"] {
  try {
    const { error } = JSON.parse(body) as Partial<ErrorBody>;
    if (error !== undefined) return error;
  } catch {
    // Not of the relay's making; told below.
  }
  return { code: "fault", message: `the relay answered ${status ?? "nothing"}: ${body.slice(0, 200)}` };
}

function isDenied(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "EACCES";
}
