/** One connection of an HTTP client, that limits count as they count one of SMTP, and what it does now. */
import type { Socket } from "node:net";
import type { ListeningEndpoint } from "../../core/policy/listening-endpoint.ts";
import type { Refused, ToldRefusal } from "../../core/refusals/refusal.ts";
import type { ProtocolSession } from "../../logs/protocol-log.ts";
import type { Client } from "../admission/client.ts";
import type { Lease } from "../admission/ledger.ts";
import type { ActiveTls, Submitter } from "../transaction/submitter.ts";

/** `idle`: between two requests. `reading`: its body comes in. */
export type HttpActivity = "handshake" | "idle" | "reading" | "working" | "tarpit" | "closing";

export interface HttpConnection {
  /** Its connector as it was when the request under way began. */
  client: Client;
  readonly endpoint: ListeningEndpoint;
  /** What it sends as, before it says who it is. */
  anonymous: Submitter;
  /** `Clock.now()`. */
  readonly openedAt: number;
  readonly lease: Lease;
  /** It has no place: each request is answered so. */
  readonly turnedAway: ToldRefusal | undefined;
  readonly log: ProtocolSession | undefined;
  /** That of TLS, once it began. */
  socket: Socket;
  tls: ActiveTls | undefined;
  activity: HttpActivity;
  /** Since when it is idle, and what had come by then; octets of the socket. */
  idleSince: number;
  idleAtBytes: number;
  /** Since when the header of a request comes in. */
  headerSince: number | undefined;
  /** The request that is answered now; those behind it wait. */
  exchange:
    | {
        timedOut(): void;
        readonly isSlow: (now: number) => boolean;
        readonly isUnread: (now: number, patienceMs: number) => boolean;
        /** The whole of the request has come. */
        readonly hasAll: boolean;
        /** What comes of its body is none; false: it is answered already. */
        breakOff(what: Refused): boolean;
        /** The client sends no more. */
        inputEnded(): void;
        stop(): void;
      }
    | undefined;
  readonly waiting: (() => void)[];
  /** Its last request's. */
  user: string | undefined;
  userAgent: string | undefined;
  messages: number;
  logonFailures: number;
  protocolErrors: number;
  /** Those that `client` is of. */
  settings: object;
  /** Behind the answer under way it closes. */
  closing: boolean;
  ended: boolean;
}
