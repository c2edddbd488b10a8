/** Who changed what: of several nodes from their database, of a single relay from its own events. */
import { catalogue, type EventName } from "../../events/catalogue.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { shownEvent } from "./shown-values.ts";

/** Events that say of somebody that something was done. */
const told: readonly EventName[] = [
  "AdminAction",
  "MessagesSuspended",
  "MessagesResumed",
  "MessagesRemoved",
  "MessagesRetried",
  "MessagesRedirected",
  "MessageExported",
  "ServiceSuspended",
  "ServiceResumed",
];

export function auditHandlers({ relay }: Administered): Pick<Handlers, "listAudit"> {
  return {
    async listAudit({ since, until, who, text, node, limit }) {
      const period = {
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(until === undefined ? {} : { until: new Date(until) }),
      };
      const { audit } = relay.node ?? {};
      if (audit !== undefined) {
        const entries = await audit.list({ ...period, who, node, text, limit }).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          throw new AdminRefusal("databaseAway", `the database does not answer: ${reason}`);
        });
        return {
          entries: entries.map(({ at, node: server, event: eventId, ...rest }) => ({
            at: at.toISOString(),
            server,
            eventId,
            ...rest,
          })),
        };
      }
      const events = await relay.eventStore.query({
        ...period,
        eventIds: told.map((name) => catalogue[name].id),
        ...(text === undefined ? {} : { text }),
        // Whose they are is looked at here.
        limit: who === undefined ? limit : Number.MAX_SAFE_INTEGER,
      });
      const entries = events.map((stored) => {
        const { at, id: eventId, name, fields, text: said } = shownEvent(stored);
        const field = (of: string): string => (typeof fields[of] === "string" ? fields[of] : "");
        const operation = field("operation");
        return {
          at,
          who: field("who"),
          from: field("from"),
          operation: operation === "" ? name : operation,
          target: field("target"),
          eventId,
          text: said,
        };
      });
      const wanted = who?.toLowerCase();
      return {
        entries: entries
          .filter((entry) => wanted === undefined || entry.who.toLowerCase() === wanted)
          .slice(0, limit),
      };
    },
  };
}
