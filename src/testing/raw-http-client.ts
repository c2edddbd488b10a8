/** An HTTP client for tests that sends exactly what it is told, and reads answers one by one. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface RawHttpClient {
  readonly socket: Socket;
  send(octets: string | Buffer): void;
  /** The next answer; rejects when the server closes first, or nothing comes in time. `100 Continue` is one as well. */
  answer(timeoutMs?: number): Promise<RawAnswer>;
  /** Resolves when the server has closed. */
  closed(): Promise<void>;
  close(): void;
}

export async function connectRawHttp(port: number, localAddress = "127.0.0.1"): Promise<RawHttpClient> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  let received: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake: () => void = () => undefined;
  socket.on("data", (octets: Buffer) => {
    received = Buffer.concat([received, octets]);
    wake();
  });
  socket.on("error", () => undefined);
  const whenClosed = new Promise<void>((resolve) =>
    socket.once("close", () => {
      ended = true;
      wake();
      resolve();
    }),
  );
  socket.once("end", () => {
    ended = true;
    wake();
  });
  await once(socket, "connect");

  const take = (): RawAnswer | undefined => {
    const found = answerIn(received);
    if (found !== undefined) received = found.rest;
    return found?.answer;
  };

  return {
    socket,
    send: (octets) => void socket.write(octets),
    async answer(timeoutMs = 30_000) {
      const until = Date.now() + timeoutMs;
      for (;;) {
        const answer = take();
        if (answer !== undefined) return answer;
        if (ended) throw new Error(`the server closed; it had sent ${JSON.stringify(received.toString())}`);
        const left = until - Date.now();
        if (left <= 0) throw new Error("no answer in time");
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    closed: () => whenClosed,
    close: () => socket.destroy(),
  };
}

/** The first answer that stands whole in what was received; a server that answers HEAD sends no body. */
export function answerIn(
  received: Buffer,
  hasBody = true,
): { readonly answer: RawAnswer; readonly rest: Buffer } | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const behind = end + 4 + (hasBody ? Number(headers["content-length"] ?? 0) : 0);
  if (received.length < behind) return undefined;
  const text = received.toString("utf8", end + 4, behind);
  return {
    answer: {
      status: Number(first.split(" ")[1]),
      headers,
      text,
      get json() {
        return JSON.parse(text) as Readonly<Record<string, unknown>>;
      },
    },
    rest: received.subarray(behind),
  };
}

/** A whole request. */
export function rawRequest(
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  method = "POST",
): Buffer {
  const octets = Buffer.from(body as string);
  const all = {
    host: "relay.test",
    "content-type": "application/json",
    "content-length": `${octets.length}`,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), octets]);
}
