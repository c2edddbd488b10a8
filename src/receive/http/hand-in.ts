/** A message as it was read from a request, into the spool, once for each Idempotency-Key; and how the outcome is said. */
import type { RefusedRecipient } from "../../core/refusals/problem.ts";
import { refused } from "../../core/refusals/refusal.ts";
import { replyLine } from "../../core/smtp/reply.ts";
import type {
  Repeat,
  RepeatOutcome,
  SubmissionOutcome,
  SubmissionRefusal,
  SubmittedContent,
  SubmittedEnvelope,
} from "../submission/submission.ts";
import { addedMessageId } from "../transaction/supplement.ts";
import { askedDelayMs } from "../transaction/asked-refusal.ts";
import type { GivenDelivery } from "./email-schema.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { ownerNote } from "./owner-note.ts";
import { refuseFaults } from "./refuse-faults.ts";
import { isThisMachine } from "./this-machine.ts";

/** The answer to a message that was taken. */
export interface Taken {
  /** The message's id, as `Get-Message` and the logs have it. */
  readonly id: string;
  /** Of its header; null where it has none, or none that is ASCII of up to 500 characters. */
  readonly message_id: string | null;
  readonly recipients: readonly TakenRecipient[];
}

interface TakenRecipient {
  readonly address: string;
  readonly status: "queued" | "refused";
  readonly smtp?: string;
  readonly reference?: string;
}

/** What of the answer cannot be had from the request again. */
interface KeptAnswer {
  readonly message_id: string | null;
  /** Places of the recipients that were refused (`partial`), a bit each, from the lowest; Base64. Left out: none was. */
  readonly refused?: string;
}

const windowMs = 24 * 60 * 60_000;
const waitMs = 10_000;

/** What `handIn` has to know beside the message. */
export interface HandingIn {
  readonly delivery: Pick<GivenDelivery, "partial" | "tags" | "metadata">;
  /** Of the whole request, or what stands before its content. Undefined: it has no key. */
  readonly fingerprint: Repeat["fingerprint"] | undefined;
  /** As its header has it. */
  readonly messageId: string | undefined;
}

export async function handIn(
  exchange: HttpExchange,
  services: HttpServices,
  envelope: SubmittedEnvelope,
  content: SubmittedContent,
  { delivery, fingerprint, messageId }: HandingIn,
): Promise<void> {
  const { submitter, presence, owner } = exchange;
  const keys = exchange.headers("idempotency-key");
  const [key] = keys;
  if (key !== undefined && (keys.length > 1 || !/^[\x21-\x7e]{1,256}$/.test(key)))
    return refuseFaults(exchange, [
      {
        path: "Idempotency-Key",
        message: "has to be 1 to 256 visible ASCII characters, once",
        unknown: true,
      },
    ]);
  const notRequired = envelope.requireTls === true ? whyNoRequireTls(exchange) : undefined;
  if (notRequired !== undefined)
    return refuseFaults(exchange, [{ path: "require_tls", message: notRequired }]);
  const options = {
    presence,
    partial: delivery.partial,
    note: ownerNote(owner, [
      ...(delivery.tags ?? []).map(({ name, value }) => [name, value] as const),
      ...Object.entries(delivery.metadata ?? {}),
    ]),
  };
  const { connector } = submitter;
  const idOf = (id: number): string | null =>
    shownMessageId(messageId ?? (connector.addMissingMessageId ? addedMessageId(connector, id) : undefined));
  const outcome =
    key === undefined || fingerprint === undefined
      ? await services.submissions.submit(submitter, envelope, content, options)
      : await services.submissions.submitOnce(
          submitter,
          envelope,
          content,
          {
            scope: `HTTP ${owner.owner} ${exchange.route}`,
            key,
            fingerprint,
            windowMs,
            waitMs,
            answer: (id, refusals) => {
              const given = placesRefused(envelope, refusals);
              return JSON.stringify({
                message_id: idOf(id),
                ...(given === undefined ? {} : { refused: given }),
              } satisfies KeptAnswer);
            },
          },
          options,
        );
  return answerOutcome(exchange, envelope, outcome);
}

/** As REQUIRETLS by SMTP: offered within TLS alone; this machine needs none. */
function whyNoRequireTls({ connection, submitter: { connector } }: HttpExchange): string | undefined {
  if (!connector.requireTlsExtensionEnabled) return "is not offered here (requireTlsExtensionEnabled)";
  return connection.tls !== undefined || isThisMachine(connection.client.address)
    ? undefined
    : "is for requests by HTTPS: this one came in clear text, and may have been read";
}

async function answerOutcome(
  exchange: HttpExchange,
  envelope: SubmittedEnvelope,
  outcome: SubmissionOutcome | RepeatOutcome,
): Promise<void> {
  switch (outcome.kind) {
    case "kept":
      return answerTaken(exchange, envelope, outcome);
    case "refused":
      return answerRefusals(exchange, outcome);
    case "repeated": {
      const { message_id: messageId, refused: places } = JSON.parse(outcome.answer) as KeptAnswer;
      const bits = Buffer.from(places ?? "", "base64");
      const taken: Taken = {
        id: `${outcome.id}`,
        message_id: messageId,
        recipients: envelope.recipients.map(({ address }, place) => ({
          address: bare(address),
          status: ((bits[place >> 3] ?? 0) >> (place & 7)) & 1 ? "refused" : "queued",
        })),
      };
      return exchange.answer(202, taken, [...locationOf(outcome.id), ["idempotency-replayed", "true"]]);
    }
    case "conflict":
      return exchange.refuse(
        refused("requestInvalid", {
          detail: `its Idempotency-Key was another request's, which became message ${outcome.id}`,
        }),
        { status: 409, name: "idempotency_key_reused" },
      );
    case "running":
      return exchange.refuse(refused("requestUnderWay"));
  }
}

/** As `KeptAnswer.refused`. Of an address that was given twice and refused once, the later one counts. */
function placesRefused(
  { recipients }: SubmittedEnvelope,
  refusals: readonly SubmissionRefusal[],
): string | undefined {
  if (refusals.length === 0) return undefined;
  const bits = Buffer.alloc((recipients.length + 7) >> 3);
  // Both are in the order in which recipients were asked for.
  let last = refusals.length - 1;
  for (let place = recipients.length - 1; place >= 0; place--) {
    if (last < 0 || refusals[last]?.recipient !== recipients[place]?.address) continue;
    bits[place >> 3]! |= 1 << (place & 7);
    last--;
  }
  return bits.toString("base64");
}

async function answerTaken(
  exchange: HttpExchange,
  envelope: SubmittedEnvelope,
  { message, refusals }: Extract<SubmissionOutcome, { kind: "kept" }>,
): Promise<void> {
  const { submitter, connection } = exchange;
  connection.messages++;
  const delays = envelope.recipients.map(({ address }) => askedDelayMs(submitter, address));
  const delayMs = submitter.connector.capture ? Math.max(...delays) : 0;
  if (delayMs > 0) await exchange.pause(delayMs);
  const taken: Taken = {
    id: `${message.id}`,
    message_id: shownMessageId(message.content.messageId),
    recipients: [
      ...message.envelope.recipients.map(({ forwardPath }): TakenRecipient => ({
        address: forwardPath,
        status: "queued",
      })),
      ...refusedOf(refusals).map(({ address, reply }): TakenRecipient => ({
        address,
        status: "refused",
        smtp: replyLine(reply),
        reference: reply.told.reference,
      })),
    ],
  };
  return exchange.answer(202, taken, locationOf(message.id));
}

/** One that is longer, or not ASCII, has no room in the answer that a key gets again. */
function shownMessageId(messageId: string | undefined): string | null {
  return messageId !== undefined && /^[\x20-\x7e]{1,500}$/.test(messageId) ? messageId : null;
}

function locationOf(id: number): readonly (readonly [string, string])[] {
  return [["location", `/v1/emails/${id}`]];
}

/** All recipients or none: what refuses for good says the status. */
function answerRefusals(
  exchange: HttpExchange,
  { refusals, unchecked }: Extract<SubmissionOutcome, { kind: "refused" }>,
): Promise<void> {
  const [first] = refusals;
  if (first === undefined) throw new Error("a refusal without a reason");
  const { reply } = refusals.find(({ reply: { code } }) => code >= 500) ?? first;
  return exchange.answerRefusal(reply, { recipients: refusedOf(refusals), unchecked });
}

function refusedOf(refusals: readonly SubmissionRefusal[]): readonly RefusedRecipient[] {
  return refusals.flatMap(({ recipient, reply }) =>
    recipient === undefined ? [] : [{ address: bare(recipient), reply }],
  );
}

function bare(address: string): string {
  return address.replace(/^<(.*)>$/, "$1");
}
