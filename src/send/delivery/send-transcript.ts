/** The protocol log of a send connector, one logged session for each connection of its carrier. */
import { randomBytes } from "node:crypto";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { ProtocolLog, ProtocolSession } from "../../logs/protocol-log.ts";
import type { Transcript } from "./smtp/wire/transcript.ts";

/** Undefined where the connector keeps no protocol log: then nothing is paid for it. */
export function sendTranscript(
  connector: SmtpSendConnector,
  log: ProtocolLog,
  hostname: string,
): Transcript | undefined {
  if (connector.protocolLoggingLevel === "None") return undefined;
  const base = randomBytes(5).toString("hex").toUpperCase();
  const sessions = new Map<number, ProtocolSession>();
  return ({ event, data, session, remoteEndpoint }) => {
    let logged = sessions.get(session);
    if (logged === undefined) {
      logged = log.session({
        connectorId: `${hostname}\\${connector.name}`,
        sessionId: `${base}${session.toString(16).toUpperCase().padStart(6, "0")}`,
        localEndpoint: "",
        remoteEndpoint,
      });
      sessions.set(session, logged);
    }
    logged.line(event, data);
    if (event === "-") sessions.delete(session);
  };
}
