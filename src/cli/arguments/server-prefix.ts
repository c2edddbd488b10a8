/** Exchange's identities carry the server: `EX01\App Relay`, `EX01\Submission`, `EX01\Out;[10.0.0.1]:25\893`. */
import type { Candidates } from "../cmdlet.ts";

const hostPattern = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;

const withServer: readonly (Candidates | undefined)[] = [
  "receiveConnector",
  "sendConnector",
  "queue",
  "message",
];

/** The identity as it is here. `candidates`: what it names; other texts come back as they are. */
export function withoutServer(text: string, candidates: Candidates | undefined): string {
  if (!withServer.includes(candidates)) return text;
  const cut = text.indexOf("\\");
  const server = text.slice(0, Math.max(0, cut));
  // A queue is Submission, Unreachable or Connector;next hop, and a message queue\number: no host is called so.
  const isQueue = /^(?:submission|unreachable)$/i.test(server);
  return hostPattern.test(server) && !isQueue ? text.slice(cut + 1) : text;
}
