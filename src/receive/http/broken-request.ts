/** What is no request of HTTP, and the answer that Node's parser is not there for any more. */
import { STATUS_CODES } from "node:http";
import { toldAnswer } from "../../core/refusals/http-answer.ts";
import { problemOf } from "../../core/refusals/problem.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";

/** `code`: of the parser's error; what it read is never repeated. */
export function brokenRequest(code: string | undefined): Refused {
  const details: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: "the header of the request is too large",
    HPE_INVALID_METHOD: "what came is no request of HTTP; SMTP is spoken on another port (bindings)",
    HPE_INVALID_EOF_STATE: "the request broke off",
  };
  return refused("requestMalformed", {
    detail:
      details[code ?? ""] ?? `it breaks the rules of HTTP (${/^\w{1,60}$/.exec(code ?? "")?.[0] ?? "?"})`,
  });
}

/** The whole answer; the connection closes behind it. */
export function rawAnswer(told: ToldRefusal, otherwise: 400 | 408 | 431): string {
  const known = toldAnswer(told);
  const answer = known.status === 400 ? { ...known, status: otherwise } : known;
  const body = JSON.stringify(problemOf(told, answer));
  const retry = answer.retryAfterSeconds === undefined ? "" : `Retry-After: ${answer.retryAfterSeconds}\r\n`;
  return [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${retry}Cache-Control: no-store`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
