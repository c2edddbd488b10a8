/** What a session does now, for people. */
import type { Place } from "./phase.ts";
import type { SessionState } from "./state.ts";

/**
 * `greeted`: has not said EHLO yet; `handshake`: TLS begins; `mail`, `rcpt`: within a transaction, before and behind
 * its first recipient; `content`: DATA or BDAT; `working`: its reply is not ready yet.
 */
export type SessionActivity =
  | "greeted"
  | "handshake"
  | "idle"
  | "mail"
  | "rcpt"
  | "content"
  | "working"
  | "tarpit"
  | "closing";

export function activityOf(place: Place, { hello, transaction }: SessionState): SessionActivity {
  switch (place) {
    case "closing":
    case "closed":
      return "closing";
    case "tarpit":
    case "handshake":
    case "content":
    case "working":
      return place;
    case "blocked":
      return "content";
    case "storing":
      return "working";
    case "reading":
      if (transaction !== undefined) return transaction.recipients.length === 0 ? "mail" : "rcpt";
      return hello === undefined ? "greeted" : "idle";
  }
}
