/** One request and its answer: what was asked, who waits for it, and the one way of every answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { spokenRefusals } from "../../core/refusals/catalogue.ts";
import { toldAnswer, type HttpAnswer } from "../../core/refusals/http-answer.ts";
import { problemOf, type FieldFault, type RefusedRecipient } from "../../core/refusals/problem.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";
import { isOnlyLookedAt } from "../../core/policy/report-only.ts";
import { explainsRefusals } from "../../core/policy/explains-refusals.ts";
import { tarpitDelay } from "../../core/policy/tarpit.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { RateLeft } from "../admission/admission.ts";
import type { Presence } from "../admission/rate-waiters.ts";
import type { Submitter } from "../transaction/submitter.ts";
import type { HttpConnection } from "./http-connection.ts";
import type { HttpServices } from "./http-services.ts";
import { shownInLog } from "./log-line.ts";
import type { Owner } from "./owner-note.ts";
import { RequestBody } from "./request-body.ts";

/** Where the status is another one than that of the refusal's kind. */
export type AnswerChanges = Partial<HttpAnswer> & {
  readonly recipients?: readonly RefusedRecipient[];
  readonly unchecked?: number | undefined;
  readonly faults?: readonly FieldFault[];
  readonly headers?: readonly (readonly [string, string])[];
};

const nobody: Owner = { owner: "", application: "" };
const problemType = "application/problem+json; charset=utf-8";
export const jsonType = "application/json; charset=utf-8";

/** As Resend has them, and the IETF's draft (draft-ietf-httpapi-ratelimit-headers-05). */
function rateHeaders({ limit, remaining, freesInSeconds }: RateLeft): readonly (readonly [string, string])[] {
  return [
    ["ratelimit-limit", `${limit}`],
    ["ratelimit-remaining", `${remaining}`],
    ["ratelimit-reset", `${freesInSeconds}`],
  ];
}

export class HttpExchange {
  readonly connection: HttpConnection;
  readonly body: RequestBody;
  /** Whose request it is: who answers for refusals. Replaced when the client is known. */
  submitter: Submitter;
  /** The client has said who it is, and is. */
  isIdentified = false;
  /** Whose its messages are. */
  owner: Owner = nobody;
  /** As keys of requests are kept by (Idempotency-Key). */
  route = "";
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #services: HttpServices;
  readonly #isStopping: () => boolean;
  #tellGone: (() => void) | undefined;
  #hurry: (() => void) | undefined;
  #closes = false;
  #answeredAt: number | undefined;
  #inputEnded = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    connection: HttpConnection,
    services: HttpServices,
    expectsContinue: boolean,
    isStopping: () => boolean,
  ) {
    this.#request = request;
    this.#response = response;
    this.connection = connection;
    this.submitter = connection.anonymous;
    this.#services = services;
    this.#isStopping = isStopping;
    connection.anonymous.watch?.nextMessage();
    this.body = new RequestBody(request, response, expectsContinue, () => services.clock.now());
    response.once("close", () => this.#tellGone?.());
  }

  /** RFC 9112 §3.2. */
  get hasOneHost(): boolean {
    const hosts = this.headers("host").length;
    return hosts === 1 || (hosts === 0 && this.#request.httpVersion === "1.0");
  }

  get hasAll(): boolean {
    return this.#request.complete;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  /** Without its query. As a proxy is asked (RFC 9112 §3.2.2), a server answers as well. */
  get path(): string {
    const [path = ""] = (this.#request.url ?? "").split("?", 1);
    return path.replace(/^https?:\/\/[^/]*/i, "");
  }

  get query(): URLSearchParams {
    const { url = "" } = this.#request;
    const at = url.indexOf("?");
    return new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
  }

  /** Undefined where it is not given. Given several times, the first. */
  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Each time it is given, octets read as UTF-8. `name`: lower case. */
  headers(name: string): readonly string[] {
    const { rawHeaders } = this.#request;
    const values: string[] = [];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      if (rawHeaders[i]!.toLowerCase() === name)
        values.push(Buffer.from(rawHeaders[i + 1]!, "latin1").toString("utf8"));
    return values;
  }

  /** Whether the client is still there. */
  get presence(): Presence {
    const hasEnded = (): boolean => this.#inputEnded;
    const response = this.#response;
    return {
      get isGone() {
        return response.destroyed || response.writableEnded || hasEnded();
      },
      onGone: (tell) => void (this.#tellGone = tell),
    };
  }

  /**
   * Whoever hangs up does so, and cannot be told from who only has no more to say: what waits is over, what is under way ends
   * and is answered.
   */
  inputEnded(): void {
    this.#inputEnded = true;
    this.#tellGone?.();
  }

  breakOff(what: Refused): boolean {
    if (this.#answeredAt !== undefined) return false;
    this.body.breakOff(what);
    return true;
  }

  /** Its time is over. */
  timedOut(): void {
    this.body.breakOff(refused("messageTimedOut"));
    this.#closes = true;
  }

  isSlow(now: number): boolean {
    return this.body.isSlow(now);
  }

  /** Its answer is given, and the client does not read it. */
  isUnread(now: number, patienceMs: number): boolean {
    return this.#answeredAt !== undefined && now - this.#answeredAt >= patienceMs;
  }

  /** The relay stops: nothing is waited for any more, but for what is being kept. */
  stop(): void {
    this.body.breakOff(refused("shuttingDown"));
    this.#hurry?.();
  }

  /** Answers with what refuses the request, told once; held back as a reply of SMTP would be. */
  async refuse(what: Refused, changes: AnswerChanges = {}): Promise<void> {
    const { connection, submitter } = this;
    const { protocolError } = spokenRefusals[what.refused].reply;
    const { maxProtocolErrors } = submitter.connector;
    if (protocolError === true && ++connection.protocolErrors > maxProtocolErrors) this.#closes = true;
    await this.answerRefusal(this.#services.refuse(submitter, what), changes);
  }

  /** The same for what was told already. */
  async answerRefusal(reply: ToldRefusal, changes: AnswerChanges = {}): Promise<void> {
    const { connection, submitter } = this;
    const { recipients = [], unchecked, faults = [], headers = [], ...others } = changes;
    const answer: HttpAnswer = { ...toldAnswer(reply), ...others };
    const delayMs = tarpitDelay(submitter.connector, reply, {
      authenticated: this.isIdentified,
      discredited: this.#services.isDiscredited(connection.client),
    });
    if (delayMs > 0 && !this.#isStopping() && !(await this.#holdBack(delayMs, reply.code))) return;
    if (reply.close === true && answer.status !== 429 && answer.status !== 503) this.#closes = true;
    const { retryAfterSeconds } = answer;
    await this.answer(answer.status, problemOf(reply, answer, { recipients, unchecked, faults }), [
      ...headers,
      ...(answer.status === 401 ? [["www-authenticate", this.#challenge()] as const] : []),
      ...(retryAfterSeconds === undefined ? [] : [["retry-after", `${retryAfterSeconds}`] as const]),
    ]);
  }

  #challenge(): string {
    const basic = this.submitter.connector.authMechanism.includes("BasicAuth");
    return basic ? 'Bearer, Basic realm="Weir", charset="UTF-8"' : "Bearer";
  }

  /** False: the client went meanwhile. */
  async #holdBack(delayMs: number, code: number): Promise<boolean> {
    const { connection } = this;
    connection.activity = "tarpit";
    await this.pause(delayMs);
    connection.activity = "working";
    if (!this.#response.destroyed && !this.#inputEnded) return true;
    if (code >= 500) this.#services.leftInTarpit(connection.client);
    connection.socket.destroy();
    return false;
  }

  /** Ends before its time when the client goes or the relay stops. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#hurry = undefined;
        resolve();
      };
      const timer = this.#services.clock.after(delayMs, end);
      this.#hurry = end;
      this.#tellGone = end;
    });
  }

  /** `body`: JSON. */
  async answer(
    status: number,
    body: object,
    headers: readonly (readonly [string, string])[] = [],
  ): Promise<void> {
    // The message may be kept: nothing else may come of that than its answer.
    const left = await this.#messagesLeft()?.catch(() => undefined);
    const rate = left === undefined ? [] : rateHeaders(left);
    const type = status < 400 ? jsonType : problemType;
    const more = [...rate, ...this.#wouldRefuse()];
    this.send(status, JSON.stringify(body), type, more.length === 0 ? headers : [...headers, ...more]);
  }

  /** Of the message rate it is limited to; undefined: of none, or it is not told limits. */
  #messagesLeft(): Promise<RateLeft> | undefined {
    return this.#isToldLimits ? this.#services.messagesLeft(this.submitter) : undefined;
  }

  get #isToldLimits(): boolean {
    if (this.connection.turnedAway !== undefined) return false;
    const { connector, rights, peer } = this.submitter;
    return this.isIdentified || (rights.submit && explainsRefusals(connector, parseAddress(peer.address)));
  }

  /** Limits of `reportOnly` that this would have met: who looks at answers learns of it before they refuse. */
  #wouldRefuse(): readonly (readonly [string, string])[] {
    const { connector, watch } = this.submitter;
    const { reportOnly = [] } = connector;
    if (watch === undefined || reportOnly.length === 0 || !this.#isToldLimits) return [];
    const met = watch.wouldRefuse.filter((limit) => isOnlyLookedAt(limit, reportOnly));
    return met.length === 0 ? [] : [["weir-would-refuse", met.join(", ")]];
  }

  send(
    status: number,
    text: string,
    contentType: string,
    headers: readonly (readonly [string, string])[],
  ): void {
    const response = this.#response;
    const { connection } = this;
    if (response.destroyed || response.headersSent) return;
    const octets = Buffer.from(text);
    const isLast =
      this.#closes || connection.closing || connection.turnedAway !== undefined || this.#isStopping();
    // A body that was held back would be read as the next request, if the client sent it after all.
    const closes = isLast || this.body.isHeldBack;
    if (closes) connection.closing = true;
    const all = [
      "content-type",
      contentType,
      "content-length",
      `${octets.length}`,
      "cache-control",
      "no-store",
    ];
    for (const [name, value] of headers) all.push(name, value);
    if (closes) all.push("connection", "close");
    connection.log?.line(">", shownInLog(`${status} ${text}`));
    this.#answeredAt = this.#services.clock.now();
    response.writeHead(status, all);
    response.end(this.method === "HEAD" ? undefined : octets);
  }
}
