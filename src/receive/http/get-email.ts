/** `GET /v1/emails/{id}`: what became of a message, for whoever handed it in. The tracking log tells whose it is. */
import { refused } from "../../core/refusals/refusal.ts";
import { finishedRecipients } from "../../tracking/finished-recipients.ts";
import type { RecipientState } from "../../spool/spool.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { isOwn, type Owner } from "./owner-note.ts";

export const recipientStatuses = [
  "queued",
  "deferred",
  "suspended",
  "delivered",
  "failed",
  "removed",
] as const;
type RecipientStatus = (typeof recipientStatuses)[number];

/** With Resend's names where it has them. */
export interface ShownEmail {
  readonly object: "email";
  readonly id: string;
  readonly message_id: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string | null;
  readonly created_at: string;
  readonly last_event: "queued" | "delivery_delayed" | "delivered" | "bounced";
  readonly recipients: readonly {
    readonly address: string;
    readonly status: RecipientStatus;
    readonly last_error: string | null;
  }[];
}

const finishedStatuses = { Complete: "delivered", Failed: "failed", Removed: "removed" } as const;

export async function getEmail(
  exchange: HttpExchange,
  services: HttpServices,
  id: string,
  asker: Owner,
): Promise<void> {
  const shown = /^\d{1,16}$/.test(id) ? await shownEmail(services, Number(id), asker) : undefined;
  // Somebody else's is as if it were none.
  if (shown === undefined)
    return exchange.refuse(
      refused("requestNotServed", {
        detail:
          "there is no such message, or it is somebody else's, or the tracking log does not go back so far",
      }),
    );
  return exchange.answer(200, shown);
}

async function shownEmail(
  { history, inspection }: HttpServices,
  id: number,
  asker: Owner,
): Promise<ShownEmail | undefined> {
  const received = await history.search({ internalMessageId: id, eventIds: ["RECEIVE"], resultSize: 1_000 });
  const [first] = received;
  if (first === undefined || first.source !== "HTTP" || !isOwn(first.sourceContext, asker)) return undefined;
  const found = await inspection.find(id);
  const fates = await finishedRecipients(history, id);
  const waiting = new Map(
    found?.places.flatMap(({ recipients }) =>
      recipients.map((state): [string, RecipientState] => [
        found.message.envelope.recipients[state.index]?.forwardPath ?? "",
        state,
      ]),
    ),
  );
  const recipients = received
    .toReversed()
    .flatMap((entry) => entry.recipients)
    .map((address) => {
      const state = waiting.get(address);
      const fate = fates.get(address);
      if (state === undefined && fate !== undefined)
        return { address, status: finishedStatuses[fate.status], last_error: fate.lastError ?? null };
      return { address, status: waitingStatus(state), last_error: state?.lastError ?? null };
    });
  const statuses = new Set(recipients.map(({ status }) => status));
  return {
    object: "email",
    id: `${id}`,
    message_id: first.messageId === "" ? null : first.messageId,
    from: first.sender,
    to: recipients.map(({ address }) => address),
    subject: first.messageSubject === "" ? null : first.messageSubject,
    created_at: first.at,
    last_event:
      statuses.has("failed") || statuses.has("removed")
        ? "bounced"
        : statuses.has("deferred") || statuses.has("suspended")
          ? "delivery_delayed"
          : statuses.has("queued")
            ? "queued"
            : "delivered",
    recipients,
  };
}

function waitingStatus(state: RecipientState | undefined): RecipientStatus {
  if (state?.suspended === true) return "suspended";
  return (state?.attempts ?? 0) > 0 || state?.lastError !== undefined ? "deferred" : "queued";
}
