/**
 * Tokens of one application: asked for once for all who want one, replaced in the background while they are used, kept to
 * their end when the endpoint fails.
 */
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import { readTokenAnswer, tokenBackOffMs, tokenTimes } from "../../core/policy/token-answer.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Clock } from "../../ports/ports.ts";
import { HiddenWords } from "../delivery/smtp/wire/credential-echo.ts";
import { failureWords } from "../delivery/smtp/wire/failure-words.ts";
import { requestSecrets, tokenRequestBody } from "./token-request.ts";

export interface Token {
  /** Secret. */
  readonly value: string;
  /** `Clock.now()` instants. */
  readonly fetchedAt: number;
  readonly refreshAt: number;
  readonly endsAt: number;
}

/** No token is to be had. The text is for people; nothing secret stands in it. */
export class TokenFailure extends Error {
  override readonly name = "TokenFailure";
  /** The endpoint is not asked before then. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface TokenSource {
  /** One token for all mailboxes, or one for each. */
  readonly perMailbox: boolean;
  /** `mailbox`: whom a service account acts for. Rejects with TokenFailure. Cost: a look-up while there is one. */
  token(mailbox: string): Promise<Token>;
  /** What is at hand, without asking for it. */
  known(mailbox: string): Token | undefined;
  /** The server refused it: a new one is fetched when it is next asked for. */
  drop(mailbox: string, token: Token): void;
  /** The pause behind a failure is over: an administrator wants it tried. */
  retryNow(): void;
}

/** What is known of the tokens of one mailbox, or of all. */
interface Held {
  token: Token | undefined;
  fetching: Promise<Token> | undefined;
  failures: number;
  retryAt: number;
  lastFailure: string;
}

const requestTimeoutMs = 30_000;
const mostAnswerBytes = 64 * 1024;
const mostMailboxes = 1_000;

export function createTokenSource(
  settings: OAuthSettings,
  context: { readonly clock: Clock; readonly events: Events; readonly http: HttpRequest },
  connector: string,
): TokenSource {
  const { clock, events, http } = context;
  const perMailbox = settings.grant.kind === "serviceAccount";
  const endpoint = new URL(settings.tokenEndpoint).host;
  const known = new Map<string, Held>();

  const heldFor = (mailbox: string): Held => {
    const key = perMailbox ? mailbox : "";
    let held = known.get(key);
    if (held === undefined) {
      held = { token: undefined, fetching: undefined, failures: 0, retryAt: 0, lastFailure: "" };
      const [longest] = known.keys();
      if (known.size >= mostMailboxes && longest !== undefined) known.delete(longest);
      known.set(key, held);
    }
    return held;
  };

  const failed = (held: Held, words: string, retryAfterMs: number | undefined): TokenFailure => {
    held.failures++;
    const pauseMs = Math.max(retryAfterMs ?? 0, tokenBackOffMs(held.failures));
    held.retryAt = clock.now() + pauseMs;
    const text = `no token from ${endpoint}: ${words}`;
    if (held.lastFailure !== text) events.emit("OAuthTokenFailed", { connector, endpoint, error: words });
    held.lastFailure = text;
    return new TokenFailure(text, pauseMs);
  };

  const fetchNew = async (held: Held, mailbox: string): Promise<Token> => {
    const wallMs = clock.wall().getTime();
    const startedAt = clock.now();
    let answer;
    const hidden = new HiddenWords(undefined);
    try {
      const body = await tokenRequestBody(settings, mailbox, wallMs);
      hidden.add(...requestSecrets(body));
      answer = await http({
        method: "POST",
        url: settings.tokenEndpoint,
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
        body,
        timeoutMs: requestTimeoutMs,
        mostBytes: mostAnswerBytes,
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw failed(held, hidden.hide(failureWords(cause)), undefined);
    }
    const read = readTokenAnswer(
      answer.status,
      answer.headers["retry-after"],
      // One that repeats what it was asked must not bring a secret into an event.
      answer.status === 200 ? answer.body.toString("utf8") : hidden.hide(answer.body.toString("utf8")),
      wallMs,
    );
    if (read.kind === "refused") throw failed(held, read.words, read.retryAfterMs);
    const { refreshMs, endMs } = tokenTimes(read.lifetimeMs);
    if (held.failures > 0) events.emit("OAuthTokenRestored", { connector, endpoint });
    held.failures = 0;
    held.lastFailure = "";
    held.token = {
      value: read.token,
      fetchedAt: clock.now(),
      refreshAt: startedAt + refreshMs,
      endsAt: startedAt + endMs,
    };
    return held.token;
  };

  const fetchOnce = (held: Held, mailbox: string): Promise<Token> => {
    held.fetching ??= fetchNew(held, mailbox).finally(() => (held.fetching = undefined));
    return held.fetching;
  };

  return {
    perMailbox,
    token(mailbox) {
      const held = heldFor(mailbox);
      const now = clock.now();
      const { token } = held;
      if (token !== undefined && now < token.endsAt) {
        if (now >= token.refreshAt && now >= held.retryAt) fetchOnce(held, mailbox).catch(() => {});
        return Promise.resolve(token);
      }
      if (held.fetching === undefined && now < held.retryAt)
        return Promise.reject(new TokenFailure(held.lastFailure, held.retryAt - now));
      return fetchOnce(held, mailbox);
    },
    known: (mailbox) => heldFor(mailbox).token,
    drop(mailbox, token) {
      const held = heldFor(mailbox);
      if (held.token === token) held.token = undefined;
    },
    retryNow() {
      for (const held of known.values()) held.retryAt = 0;
    },
  };
}
