/** One request of a webhook, and what came back. */
import { escapeControls } from "../core/units/escape-controls.ts";
import { type Telling, webhookBody } from "../core/webhooks/bodies.ts";
import { meaningOf, type AnswerMeaning } from "../core/webhooks/retry-pause.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import type { HttpRequest } from "../ports/http-request.ts";
import type { Clock } from "../ports/ports.ts";
import { version } from "../version.ts";
import { signatureHeaders } from "./signature.ts";

export interface Posted {
  /** `failed`: no answer came. */
  readonly meaning: AnswerMeaning | "failed";
  /** For people: `200`, `404 no_service`, `connect ECONNREFUSED …`. Without URL and secrets of ours. */
  readonly text: string;
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly elapsedMs: number;
}

const mostAnswerBytes = 1024 * 1024;
const mostShownChars = 200;

/** Never rejects. */
export async function post(
  settings: WebhookSettings,
  message: { readonly id: string; readonly telling: Telling },
  {
    http,
    clock,
    signal,
  }: { readonly http: HttpRequest; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Posted> {
  const { url, format, secrets, authorization, ca, proxy, timeout } = settings;
  const body = JSON.stringify(webhookBody(format, message.telling));
  const begunMs = clock.now();
  const elapsedMs = (): number => Math.round(clock.now() - begunMs);
  try {
    const answer = await http({
      method: "POST",
      url,
      headers: {
        "content-type": "application/json",
        "user-agent": `Weir/${version}`,
        ...(authorization === undefined ? {} : { authorization }),
        ...signatureHeaders({ id: message.id, at: Math.floor(clock.wall().getTime() / 1000), body }, secrets),
      },
      body,
      timeoutMs: timeout,
      mostBytes: mostAnswerBytes,
      signal,
      ca,
      proxy,
    });
    const { status, headers } = answer;
    const said = status >= 300 && status <= 399 ? "(a redirect, which is not followed)" : shown(answer.body);
    return {
      meaning: meaningOf(status),
      text: said === "" ? String(status) : `${status} ${said}`,
      status,
      retryAfter: headers["retry-after"],
      elapsedMs: elapsedMs(),
    };
  } catch (fault) {
    const text = fault instanceof Error ? fault.message : String(fault);
    return { meaning: "failed", text, status: undefined, retryAfter: undefined, elapsedMs: elapsedMs() };
  }
}

function shown(body: Buffer): string {
  const text = body.subarray(0, 4 * mostShownChars).toString("utf8");
  return escapeControls(text.replace(/\s+/g, " ").trim()).slice(0, mostShownChars);
}
