/** A token endpoint for tests: hands out tokens that end, refuses, throttles, and keeps what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string>>;
}

export interface TokenServerAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or a value that becomes JSON. */
  readonly body: unknown;
}

export interface TokenServerSettings {
  /** In each form the wild knows; left out where undefined. */
  readonly expiresIn: unknown;
  /** What the tokens say of themselves; undefined: they are opaque. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** In place of a token; `"hang"`: never, `"drop"`: the connection is closed. */
  readonly answer: ((request: TokenRequest) => TokenServerAnswer | "hang" | "drop" | undefined) | undefined;
}

export interface TokenServer {
  /** `http://127.0.0.1:…`: the authority. */
  readonly url: string;
  readonly requests: readonly TokenRequest[];
  /** Every token handed out, the newest last. */
  readonly issued: readonly string[];
  /** A token that it handed out and that was not revoked. */
  isGood(token: string): boolean;
  /** Nothing handed out so far is good any more. */
  revoke(): void;
  configure(change: Partial<TokenServerSettings>): void;
  close(): Promise<void>;
}

/** Microsoft's answers, by number. */
export function aadError(number: number, error: string, text: string, status = 401): TokenServerAnswer {
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${number}: ${text} Trace ID: 1f8b Correlation ID: 9c2e Timestamp: 2026-11-28 10:00:00Z`,
      error_codes: [number],
      trace_id: "1f8b",
      correlation_id: "9c2e",
    },
  };
}

export async function startTokenServer(given: Partial<TokenServerSettings> = {}): Promise<TokenServer> {
  let settings: TokenServerSettings = { expiresIn: 3599, claims: undefined, answer: undefined, ...given };
  const requests: TokenRequest[] = [];
  const issued: string[] = [];
  const good = new Set<string>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(pieces).toString("utf8")));
      const asked = { path: request.url ?? "", headers: request.headers, form };
      requests.push(asked);
      const answer = settings.answer?.(asked);
      if (answer === "hang") return;
      if (answer === "drop") return void request.socket.destroy();
      if (answer !== undefined) {
        response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
        return void response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
      }
      const unique = `${asked.path} ${issued.length + 1} ${"x".repeat(700)}`;
      const payload = settings.claims === undefined ? unique : JSON.stringify({ ...settings.claims, unique });
      const token = `eyTokenOfTheTest.${Buffer.from(payload).toString("base64url")}.s1gn`;
      issued.push(token);
      good.add(token);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ token_type: "Bearer", access_token: token, expires_in: settings.expiresIn }),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    issued,
    isGood: (token) => good.has(token),
    revoke: () => good.clear(),
    configure(change) {
      settings = { ...settings, ...change };
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
