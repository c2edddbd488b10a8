/** One call of `sendMail` (Microsoft Graph, MIME format): what was asked, and what came of it. */
import { randomUUID } from "node:crypto";
import { type GraphMeaning, graphErrorOf, readGraphAnswer } from "../../core/policy/graph-answer.ts";
import { retryAfterOf } from "../../core/policy/token-answer.ts";
import { type Answer, HttpFailure, type HttpRequest } from "../../ports/http-request.ts";
import { failureWords } from "../delivery/smtp/wire/failure-words.ts";

/** `words`: for people, in one line; neither content nor token stands in them. */
export type SendMailResult =
  | { readonly kind: "answered"; readonly meaning: GraphMeaning; readonly words: string }
  /** `reached`: the connection stood. `sent`: the whole message was handed over, so that it may have gone. */
  | { readonly kind: "failed"; readonly words: string; readonly reached: boolean; readonly sent: boolean };

export interface SendMailCall {
  readonly graphRoot: string;
  readonly mailbox: string;
  /** Secret. */
  readonly token: string;
  readonly content: readonly Buffer[];
  readonly signal: AbortSignal;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** `addr-spec` with what a URL has no place for escaped. */
export function sendMailUrl(graphRoot: string, mailbox: string): string {
  return `${graphRoot}/v1.0/users/${encodeURIComponent(mailbox)}/sendMail`;
}

const answerTimeoutMs = 120_000;
const connectTimeoutMs = 10_000;
const stalledTimeoutMs = 30_000;
const mostAnswerBytes = 64 * 1024;

/** Never rejects for anything the service or the network does. */
export async function sendMail(http: HttpRequest, call: SendMailCall): Promise<SendMailResult> {
  const requestId = randomUUID();
  let answer: Answer;
  try {
    answer = await http({
      method: "POST",
      url: sendMailUrl(call.graphRoot, call.mailbox),
      headers: {
        authorization: `Bearer ${call.token}`,
        "content-type": "text/plain",
        "client-request-id": requestId,
        "return-client-request-id": "true",
      },
      body: Buffer.from(Buffer.concat(call.content).toString("base64"), "latin1"),
      timeoutMs: answerTimeoutMs,
      uploads: { connectTimeoutMs, stalledTimeoutMs },
      mostBytes: mostAnswerBytes,
      signal: call.signal,
    });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const words = `${failureWords(error.cause ?? error)} (client-request-id ${requestId})`;
    return { kind: "failed", words, reached: error.reached, sent: error.sent };
  }
  const { code, words: said } = graphErrorOf(answer.body.toString("utf8"));
  const meaning = readGraphAnswer(answer.status, code, retryAfterOf(header(answer, "retry-after"), call.now));
  const id = /^[\w-]{1,64}$/.exec(header(answer, "request-id") ?? "")?.[0];
  const words = [`${answer.status}`, said, `(request-id ${id ?? requestId})`].filter((each) => each !== "");
  return { kind: "answered", meaning, words: words.join(" ").replaceAll(call.token, "…") };
}

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}
