/** An open session as people see it. */
import type { SessionActivity } from "./session/activity.ts";
import type { HttpConnection } from "./http/http-connection.ts";
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

/** One of HTTP. `reading`: the body of a request. */
export function openHttpConnection(connection: HttpConnection, wallOffsetMs: number): OpenConnection {
  const { client, anonymous, openedAt, activity, tls, user, userAgent, messages } = connection;
  return {
    id: anonymous.id,
    connector: client.connector.name,
    address: client.address,
    port: anonymous.peer.port,
    source: client.source,
    since: new Date(openedAt + wallOffsetMs),
    activity: activity === "reading" ? "content" : activity,
    tls,
    user,
    heloName: userAgent,
    messages,
  };
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
