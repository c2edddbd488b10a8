/** One SMTP session without a socket: octets in as text, what it wrote as text, a spool that answers when told to. */
import { noLimits } from "../core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { rightsOf } from "../core/policy/relay-permission.ts";
import { nothingOffered } from "../core/smtp/extensions.ts";
import type { EventRecord, Events } from "../events/events.ts";
import { catalogue } from "../events/catalogue.ts";
import type { Refusal } from "../core/refusals/refusal.ts";
import { createMetrics } from "../metrics/metrics.ts";
import { watchConnection } from "../receive/admission/connection-watch.ts";
import { createRecipientDays } from "../receive/admission/recipient-days.ts";
import { createGreylist } from "../receive/admission/greylist.ts";
import { createRefusals, type RefusedClient } from "../receive/admission/refusals.ts";
import type { ConnectionHandler } from "../receive/connection/connection.ts";
import type { SessionServices } from "../receive/session/services.ts";
import type { SessionConnection } from "../receive/session/parts.ts";
import { Session } from "../receive/session/session.ts";
import type { SessionState } from "../receive/session/state.ts";
import { createTranscript } from "../receive/session/transcript.ts";
import type { Submitter } from "../receive/transaction/submitter.ts";
import { SpoolError, type Spool, type SpooledMessage } from "../spool/spool.ts";
import { noTracking } from "../tracking/tracking.ts";
import { noTraffic } from "../traffic/traffic.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createMemorySpool } from "./memory-spool.ts";
import { receiveConnector } from "./test-settings.ts";

/** An `accept` that waits to be told how it ends. */
export interface PendingAccept {
  keep(): Promise<void>;
  refuse(code: "full" | "failed"): void;
}

export interface TestSession {
  readonly session: Session;
  readonly state: SessionState;
  readonly clock: FakeClock;
  readonly events: readonly EventRecord[];
  /** What was counted as refused. */
  readonly refusals: readonly Refusal[];
  /** Data and context of each line of the protocol log. */
  readonly log: readonly string[];
  /** In the order of their beginning; only the first word to each counts. */
  readonly accepts: PendingAccept[];
  /** Message-IDs of what the spool has kept. */
  readonly kept: readonly string[];
  /** Since the greeting. */
  readonly written: string;
  /** `end`: the session closed behind what it wrote; `broken`: it cut the connection; `gone`: the client did. */
  readonly ended: "end" | "broken" | "gone" | undefined;
  readonly handshaking: boolean;
  /** The client sends; nothing is heard any more once the session closed. */
  send(text: string): void;
  /** The client ends its sending. */
  finish(): void;
  /** The client hangs up. */
  hangUp(): void;
  /** The handshake that the session began is done. */
  secure(): void;
  /** It failed. */
  failHandshake(code: string | undefined): void;
  /** From now on the client reads no replies, until told to. */
  stall(): void;
  readOn(): void;
}

export function createTestSession(
  given: Partial<ReceiveConnectorSettings> = {},
  services: Partial<SessionServices> = {},
): TestSession {
  const clock = createFakeClock();
  const events: EventRecord[] = [];
  const counted: Refusal[] = [];
  const log: string[] = [];
  const accepts: PendingAccept[] = [];
  const kept: string[] = [];
  let written = "";
  let ended: TestSession["ended"];
  let handshaking = false;
  let stalled = false;
  let handler: ConnectionHandler | undefined;

  const end = (how: NonNullable<TestSession["ended"]>): void => {
    if (how === "end") {
      ended ??= how;
      return;
    }
    ended ??= how;
    const hearer = handler;
    handler = undefined;
    hearer?.closed();
  };
  const connection: SessionConnection = {
    serve: (session) => {
      handler = session;
    },
    serveTls: (session) => {
      handler = session;
      handshaking = true;
    },
    write(text) {
      if (ended === undefined) written += text;
      return !stalled;
    },
    pause: () => undefined,
    resume: () => undefined,
    startTls: () => {
      handshaking = true;
    },
    close: () => end("end"),
    closeAtOnce: () => end("end"),
    destroy: () => end("broken"),
  };

  const tell: Events = {
    wants: () => true,
    emit: (name, fields) => {
      events.push({ name, definition: catalogue[name], at: clock.wall(), fields: { ...fields } });
    },
  };
  const memory = createMemorySpool({ clock });
  const accept: Spool["accept"] = (draft, envelope, origin, facts, beside) =>
    new Promise<SpooledMessage>((resolve, reject) => {
      let told = false;
      accepts.push({
        async keep() {
          if (told) return;
          told = true;
          const message = await memory.accept(draft, envelope, origin, facts, beside);
          kept.push(facts.messageId ?? "");
          resolve(message);
        },
        refuse(code) {
          told = true;
          reject(new SpoolError(code, code));
        },
      });
    });
  const spool = Object.create(memory, { accept: { value: accept } }) as Spool;

  const connector = receiveConnector({ protocolLoggingLevel: "Verbose", ...given });
  const state: SessionState = {
    door: "SMTP",
    connection: 0,
    id: "S1",
    connector,
    watch: watchConnection(connector, "SMTP"),
    acceptedDomains: [],
    peer: { address: "127.0.0.1", port: 4711, source: "127.0.0.1" },
    hello: undefined,
    offered: nothingOffered,
    tls: undefined,
    authenticatedUser: undefined,
    rights: rightsOf(connector, { authenticated: false }),
    limits: services.limitsOf?.("127.0.0.1", undefined) ?? noLimits,
    receivedPrefix: undefined,
    transaction: undefined,
    lastRefusal: undefined,
    protocolErrors: 0,
    logonFailures: 0,
    messages: 0,
  };
  const refusals = createRefusals({
    clock,
    events: tell,
    usage: {
      refused: (_connector, _source, refusal) => void counted.push(refusal),
      wouldRefuse: (_connector, _source, refusal) => void counted.push(refusal),
    },
    applications: () => [],
  });
  const clientOf = ({ peer, authenticatedUser: user }: Submitter): RefusedClient => ({
    connector,
    address: peer.address,
    source: peer.source,
    user,
  });
  const session = new Session(
    state,
    {
      spool,
      events: tell,
      clock,
      metrics: createMetrics(),
      tracking: noTracking,
      traffic: noTraffic,
      greylist: createGreylist(clock),
      greeting: () => ({ code: 220, text: "relay.test" }),
      tlsContexts: () => undefined,
      authenticate: (user) =>
        Promise.resolve(
          user === "app"
            ? { denied: "the password is wrong", account: user }
            : { denied: "there is no such account" },
        ),
      authenticateToken: () => Promise.resolve({ denied: "no tokens here" }),
      authenticateCertificate: () => ({ denied: "no certificates here" }),
      isAccount: (user) => user === "app",
      limitsOf: () => noLimits,
      recipientDays: createRecipientDays(clock),
      refuseMessage: () => undefined,
      applicationOf: () => undefined,
      isSuspended: () => false,
      pressure: () => undefined,
      refuse: (of, what) => refusals.refuse(clientOf(of), what),
      wouldRefuse: (of, what, isRefused) => refusals.wouldRefuse(clientOf(of), what, isRefused),
      refuseAgain: (of, what, earlier) => refusals.refuseAgain(clientOf(of), what, earlier),
      tellRefusal: (of, kind, facts) => refusals.tell(clientOf(of), kind, facts),
      isDiscredited: () => false,
      leftInTarpit: () => undefined,
      messageTaken: () => undefined,
      ended: () => undefined,
      ...services,
    },
    connection,
    createTranscript({
      line: (event, data, context = "") => void log.push(`${event} ${data} ${context}`.trim()),
    }),
  );
  session.open();
  written = "";

  return {
    session,
    state,
    clock,
    events,
    refusals: counted,
    log,
    accepts,
    kept,
    get written() {
      return written;
    },
    get ended() {
      return ended;
    },
    get handshaking() {
      return handshaking;
    },
    send(text) {
      if (ended === undefined) handler?.receive(Buffer.from(text, "latin1"));
    },
    finish() {
      if (ended === undefined) handler?.inputEnded();
    },
    hangUp: () => end("gone"),
    secure() {
      handshaking = false;
      handler?.secured({ protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" });
    },
    failHandshake(code) {
      handler?.handshakeFailed(code);
      end("broken");
    },
    stall() {
      stalled = true;
    },
    readOn() {
      stalled = false;
      if (ended === undefined) handler?.writable();
    },
  };
}
