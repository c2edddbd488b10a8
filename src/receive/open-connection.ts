/** An open session as people see it. */
import type { SessionActivity } from "./session/activity.ts";
import type { OpenSession } from "./sessions.ts";

export interface OpenConnection {
  /** The session's id in protocol log and Received header. */
  readonly id: string;
  /** Name of the connector it came in on. */
  readonly connector: string;
  readonly address: string;
  readonly port: number;
  /** What limits count it under. */
  readonly source: string;
  readonly since: Date;
  readonly activity: SessionActivity;
  readonly tls: { readonly protocol: string; readonly cipher: string } | undefined;
  readonly user: string | undefined;
  readonly heloName: string | undefined;
  /** Taken so far. */
  readonly messages: number;
}

/** `wallOffsetMs`: from `Clock.now()` to the wall clock. */
export function openConnection({ session, openedAt }: OpenSession, wallOffsetMs: number): OpenConnection {
  const { id, connector, peer, tls, authenticatedUser, hello, messages } = session.state;
  return {
    id,
    connector: connector.name,
    address: peer.address,
    port: peer.port,
    source: peer.source,
    since: new Date(openedAt + wallOffsetMs),
    activity: session.activity,
    tls,
    user: authenticatedUser,
    heloName: hello?.name,
    messages,
  };
}
