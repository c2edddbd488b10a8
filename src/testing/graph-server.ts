/**
 * Microsoft Graph's `sendMail` as its documentation has it: MIME in Base64, 202 and nothing else, four calls of a mailbox at
 * once, 4 MB; delivers to whom the header names, as often as it names them, read by nodemailer's parser. Each answer of
 * theirs, and each kind of silence, where a test asks for it.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import addressparser from "nodemailer/lib/addressparser";

export interface SentMail {
  /** That of the URL. */
  readonly mailbox: string;
  readonly content: Buffer;
  /** In lower case; each as often as the header names it. */
  readonly deliveredTo: readonly string[];
}

export interface GraphCall {
  readonly mailbox: string;
  /** From 1 on. */
  readonly number: number;
  readonly recipients: readonly string[];
}

export interface GraphAnswer {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GraphServerSettings {
  readonly isGood: (token: string) => boolean;
  /** In place of its own answer; `hang`: never, `reset`: behind the whole request, with nothing said. */
  readonly answer: (call: GraphCall) => GraphAnswer | "hang" | "reset" | undefined;
  /** The connection is reset when so many octets of a request have come. */
  readonly resetAfterBytes: number;
  /** Lower case: any call that names one is refused whole. */
  readonly invalidRecipients: readonly string[];
  readonly callsPerMailbox: number;
  /** How long a call takes. */
  readonly takesMs: number;
  readonly retryAfterSeconds: number;
}

export interface GraphServer {
  /** `http://127.0.0.1:…`: graphRoot. */
  readonly url: string;
  readonly messages: readonly SentMail[];
  readonly requests: number;
  /** Calls of one mailbox. */
  readonly mostAtOnce: number;
  readonly authorizations: readonly string[];
  configure(change: Partial<GraphServerSettings>): void;
  /** Rejects when it takes too long. */
  waitFor(count: number, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

const largestRequestBytes = 4 * 1024 * 1024;

/** All addresses of To, Cc and Bcc. */
export function namedInHeader(content: Buffer): readonly string[] {
  const header = content.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
  return header
    .replaceAll(/\r\n(?=[ \t])/g, "")
    .split("\r\n")
    .flatMap((line) => {
      const value = /^(?:to|cc|bcc)[ \t]*:(.*)$/i.exec(line)?.[1];
      return value === undefined ? [] : addressparser(value, { flatten: true });
    })
    .flatMap(({ address }) => (address === undefined || address === "" ? [] : [address.toLowerCase()]));
}

export async function startGraphServer(given: Partial<GraphServerSettings> = {}): Promise<GraphServer> {
  let settings: GraphServerSettings = {
    isGood: () => true,
    answer: () => undefined,
    resetAfterBytes: Infinity,
    invalidRecipients: [],
    callsPerMailbox: 4,
    takesMs: 0,
    retryAfterSeconds: 32,
    ...given,
  };
  const messages: SentMail[] = [];
  const authorizations: string[] = [];
  const atOnce = new Map<string, number>();
  const waiters = new Set<() => void>();
  let requests = 0;
  let mostAtOnce = 0;

  const say = (response: ServerResponse, { status, code, message, headers }: GraphAnswer): void => {
    response.writeHead(status, {
      "request-id": `8f2c-${requests}`,
      ...(code === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    });
    response.end(
      code === undefined
        ? undefined
        : JSON.stringify({ error: { code, message: message ?? "As documented." } }),
    );
  };
  const throttled = (): GraphAnswer => ({
    status: 429,
    code: "ApplicationThrottled",
    message: "Application is over its MailboxConcurrency limit.",
    headers: { "Retry-After": String(settings.retryAfterSeconds) },
  });

  const decide = (
    request: IncomingMessage,
    mailbox: string,
    body: Buffer,
  ): GraphAnswer | "hang" | "reset" => {
    const text = body.toString("latin1");
    const content = Buffer.from(text, "base64");
    const recipients = namedInHeader(content);
    const scripted = settings.answer({ mailbox, number: requests, recipients });
    if (scripted !== undefined) return scripted;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!settings.isGood(token))
      return {
        status: 401,
        code: "InvalidAuthenticationToken",
        message: "Lifetime validation failed, the token is expired.",
      };
    if (body.length > largestRequestBytes)
      return {
        status: 413,
        code: "RequestEntityTooLarge",
        message: "The maximum request length supported is 4MB.",
      };
    if (request.headers["content-type"] !== "text/plain" || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
      return { status: 400, code: "ErrorMimeContentInvalidBase64String", message: "Invalid base64 string." };
    if (recipients.length === 0 || recipients.some((each) => settings.invalidRecipients.includes(each)))
      return { status: 400, code: "ErrorInvalidRecipients", message: "At least one recipient is not valid." };
    messages.push({ mailbox, content, deliveredTo: recipients });
    return { status: 202 };
  };

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    requests++;
    authorizations.push(request.headers.authorization ?? "");
    const escaped = /^\/v1\.0\/users\/([^/]+)\/sendMail$/.exec(request.url ?? "")?.[1];
    if (escaped === undefined || request.method !== "POST")
      return say(response, { status: 404, code: "ResourceNotFound" });
    const mailbox = decodeURIComponent(escaped);
    const now = (atOnce.get(mailbox) ?? 0) + 1;
    atOnce.set(mailbox, now);
    mostAtOnce = Math.max(mostAtOnce, now);
    response.once("close", () => atOnce.set(mailbox, (atOnce.get(mailbox) ?? 1) - 1));
    const isOver = now > settings.callsPerMailbox;
    const pieces: Buffer[] = [];
    let bytes = 0;
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > settings.resetAfterBytes) request.socket.resetAndDestroy();
    });
    request.on("end", () => {
      const answer = isOver ? throttled() : decide(request, mailbox, Buffer.concat(pieces));
      for (const look of waiters) look();
      if (answer === "hang") return;
      if (answer === "reset") return void request.socket.resetAndDestroy();
      if (settings.takesMs === 0) say(response, answer);
      else setTimeout(() => say(response, answer), settings.takesMs);
    });
  };

  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages,
    authorizations,
    get requests() {
      return requests;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    configure(change) {
      settings = { ...settings, ...change };
    },
    waitFor: (count, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          waiters.delete(look);
        };
        const look = (): void => {
          if (messages.length < count) return;
          end();
          resolve();
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error(`${messages.length} of ${count} messages, ${requests} requests`));
        }, timeoutMs);
        waiters.add(look);
        look();
      }),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
