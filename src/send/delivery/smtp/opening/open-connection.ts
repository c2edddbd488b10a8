/** From an address to a connection ready for mail: connect, greeting, EHLO, STARTTLS, AUTH. */
import type { Socket } from "node:net";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { decideHostTls } from "../../../../core/tls-policy/decide-host-tls.ts";
import type { HostTls, TlsDemand, TlsLevel } from "../../../../core/tls-policy/tls-demand.ts";
import type { TlsOutcome } from "../../../../core/tls-policy/tls-result.ts";
import type { Signer } from "../../../../dkim/signer.ts";
import type { Events } from "../../../../events/events.ts";
import type { Ports } from "../../../../ports/ports.ts";
import { authenticate } from "./authentication.ts";
import type { Job } from "../job/job.ts";
import { type LogOn, type MailboxLogOn, tokenFor } from "./log-on.ts";
import { ClientConnection } from "../wire/client-connection.ts";
import { SmtpClientError, asClientError } from "../wire/client-error.ts";
import { HiddenWords } from "../wire/credential-echo.ts";
import { Dialog } from "../wire/dialog.ts";
import { noCapabilities, parseCapabilities, type Capabilities } from "../wire/ehlo-capabilities.ts";
import { failureWords } from "../wire/failure-words.ts";
import { endpointOf, type NextHopHost, type Peer, type PeerMemory } from "../peer/peer.ts";
import { acquitTls, confirmClearText, suspectTls } from "../peer/peer-quirks.ts";
import { localVerdict, replyVerdict } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import { timeouts } from "../wire/timeouts.ts";
import { handshake, type HandshakeContext, type OnSecured, startTls } from "./tls.ts";
import { failedOutcomes, type OnTlsAttempt } from "./tls-attempt.ts";
import { withDeadline } from "./with-deadline.ts";
import { transcribe, type Transcript } from "../wire/transcript.ts";

export interface OpeningContext {
  readonly connector: SmtpSendConnector;
  readonly ports: Ports;
  readonly events: Events;
  readonly memory: PeerMemory;
  readonly transcript: Transcript | undefined;
  /** The mailbox that is logged on as by token. */
  readonly logOn: MailboxLogOn | undefined;
  /** Undefined: what goes out is not signed. */
  readonly signer: Signer | undefined;
  /** Addresses of a host, in the order to try; rejects when there are none. Left out: `ports.dns`. */
  readonly addresses?: (host: string) => Promise<readonly string[]>;
  /**
   * What TLS with a host must be like. Left out: what the connector's settings demand. `job`: whose mail it is for first; all of
   * a pool demand the same, and differ in what reports tell of it.
   */
  readonly tlsOf?: (host: NextHopHost, job?: Job) => KnownTls | Promise<KnownTls>;
  readonly onTls?: OnTlsAttempt | undefined;
  /** Whoever is found by DNS may be this relay: then it says one of these names, in lower case. Left out: nobody is. */
  readonly isOwnName?: (name: string) => boolean;
  /** Numbers for the protocol log. */
  readonly nextSession: () => number;
  /** For who wants to see the peer's chain. */
  readonly onSecured?: OnSecured;
}

/** `keepMs`: for so long it holds; then a connection that was made by it takes no more mail. Left out: always. */
export type KnownTls = HostTls & { readonly keepMs?: number };

export interface OpenedConnection {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly secured: boolean;
  /** What it is by; `clear`: not within TLS. */
  readonly tls: TlsLevel;
  /** Mail that goes over it must not go in clear text. */
  readonly isTlsRequired: boolean;
  /** The certificate has shown who the peer is. */
  readonly isVerified: boolean;
  /** Its certificate is for these domains, and not for the host (DANE-TA): mail of no other may go over it. Undefined: of any. */
  readonly onlyFor: readonly string[] | undefined;
  /** Until then what was demanded of it is demanded still (`Clock.now()`). */
  readonly goodUntil: number;
}

/** Of a host of which nothing else is known. */
export function tlsBySettings(connector: SmtpSendConnector, host: string): HostTls {
  const unasked = { kind: "unasked", reason: "" } as const;
  const destination = { isSecure: true, names: [], sts: { kind: "none" } } as const;
  return decideHostTls(connector, destination, { name: host, dane: unasked }, undefined);
}

/**
 * Opens a connection to one address. Where a token that was not fetched for it is refused, once more with a new one.
 * Rejects with SmtpClientError; nothing is left open then. `signal` ends it at once.
 */
export async function openConnection(
  peer: Peer,
  context: OpeningContext,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { logOn: mailbox } = context;
  if (mailbox === undefined) return await open(peer, context, undefined, signal);
  const logOn = await tokenFor(mailbox);
  try {
    return await open(peer, context, logOn, signal);
  } catch (error) {
    const failure = asClientError(error);
    if (!failure.tokenRefused || signal.aborted) throw error;
    tellRefused(peer, context, failure);
    mailbox.tokens.drop(mailbox.mailbox, logOn.token);
    if (logOn.fresh) throw error;
    return await open(peer, context, await tokenFor(mailbox), signal);
  }
}

function tellRefused(
  { host }: Peer,
  { connector, events, logOn }: OpeningContext,
  error: SmtpClientError,
): void {
  events.emit("LogOnRefused", {
    connector: connector.name,
    host: host.name,
    mailbox: logOn?.mailbox ?? "",
    mechanism: connector.smartHostAuthMechanism,
    error: error.verdict.text,
  });
}

/**
 * In clear text on a second connection where TLS fails and is not required.
 */
async function open(
  peer: Peer,
  context: OpeningContext,
  logOn: LogOn | undefined,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { connector, ports, events, tlsOf = ({ name }) => tlsBySettings(connector, name) } = context;
  const { clock } = ports;
  const demand = await tlsOf(peer.host);
  if (demand.kind === "barred") throw new SmtpClientError("tls", demand.reason);
  const progress: Progress = { tls: false };
  if (demand.isRequired) return await greet(peer, context, logOn, signal, demand, true, progress);
  if (demand.level !== "clear" && peer.clearTextUntil <= clock.now()) {
    try {
      const opened = await greet(peer, context, logOn, signal, demand, true, progress);
      if (!opened.secured) acquitTls(peer);
      return opened;
    } catch (error) {
      if (!progress.tls || signal.aborted) throw error;
      suspectTls(peer, asClientError(error).message, clock.now());
    }
  }
  try {
    const opened = await greet(peer, context, logOn, signal, demand, false, progress);
    // It failed before any command of mail, and has not now: that is proof enough.
    if (progress.tls) confirmClearText(peer, connector.name, events);
    return opened;
  } catch (error) {
    // A peer that refuses now may have other reasons; one that fails in the same way fails not by TLS.
    if (asClientError(error).code !== "refused") acquitTls(peer);
    throw error;
  }
}

/** How far it went: TLS was begun and no command within it was answered yet. */
interface Progress {
  tls: boolean;
}

async function greet(
  peer: Peer,
  context: OpeningContext,
  logOn: LogOn | undefined,
  signal: AbortSignal,
  demand: TlsDemand & KnownTls,
  tryTls: boolean,
  progress: Progress,
): Promise<OpenedConnection> {
  const { connector, ports, transcript } = context;
  const { host } = peer;
  const endpoint = endpointOf(peer);
  const dialled = await dial(peer, context, signal);
  const localAddress = dialled.localAddress ?? "";
  const tell = (isSecured: boolean, outcomes: readonly TlsOutcome[]): void => {
    if (outcomes.length === 0) return;
    const { level, tlsaFound } = demand;
    context.onTls?.({
      connector: connector.name,
      domain: "",
      host: host.name,
      address: peer.address,
      localAddress,
      level,
      isSecured,
      ...(tlsaFound.length === 0 ? undefined : { tlsa: tlsaFound }),
      outcomes,
    });
  };
  let outcomes: readonly TlsOutcome[] = [];
  let onlyFor: readonly string[] | undefined;
  const within: HandshakeContext = {
    demand,
    connector,
    wallNow: () => ports.clock.wall().getTime(),
    onSecured: context.onSecured,
    onOutcomes: context.onTls && ((told) => (outcomes = told)),
    onDomains: (domains) => (onlyFor = domains),
  };
  const socket = connector.implicitTls
    ? await secureAtOnce(dialled, within, ports, signal).catch((error: unknown) => {
        if (!signal.aborted) tell(false, outcomesOf(demand, asClientError(error)));
        throw error;
      })
    : dialled;
  const dialog = new Dialog();
  const hidden = new HiddenWords(connector.authenticationCredential);
  const connection = new ClientConnection(
    socket,
    dialog,
    ports.clock,
    transcript && transcribe(transcript, context.nextSession(), endpoint, hidden),
  );
  dialog.begin(connection);
  const abort = (): void => connection.destroy(new SmtpClientError("aborted", "the relay is stopping"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let tlsBegun = false;
  try {
    const greeting = await dialog.next("the greeting", timeouts.greetingMs);
    if (greeting.code !== 220) throw refused(greeting);
    let capabilities = await hello(dialog, context);
    let secured = connector.implicitTls;
    if (tryTls && !secured) {
      if (capabilities.startTls) {
        tlsBegun = progress.tls = true;
        secured = await startTls(connection, dialog, within);
        if (secured) capabilities = await hello(dialog, context);
        tlsBegun = progress.tls = false;
      }
      if (!secured) {
        const message = noTlsText(host.name, connector, demand);
        const tlsFault = "starttls-not-supported";
        if (demand.isRequired) throw new SmtpClientError("tls", message, { tlsFault });
        tell(false, outcomesOf(demand, { tlsFault, message }));
      }
    }
    await authenticate(dialog, capabilities, {
      connector,
      logOn,
      secured,
      host: host.name,
      port: host.port,
      hidden,
    });
    if (dialog.unasked > 0) throw new SmtpClientError("garbage", "the peer sent replies nobody asked for");
    if (secured) tell(true, outcomes);
    // Offered in clear text it may be anybody's word.
    if (!secured && capabilities.requireTls) capabilities = { ...capabilities, requireTls: false };
    peer.capabilities = capabilities;
    const tls = secured ? demand.level : "clear";
    connection.note(`TLS: ${tls}`);
    const { isTrusted, names, tlsa: records } = demand.certificate;
    const isVerified = secured && (records !== undefined || (isTrusted && names.length > 0));
    const isTlsRequired = demand.isRequired;
    // From now on: who is slow to open must not be outdated before its first message.
    const goodUntil = ports.clock.now() + (demand.keepMs ?? Infinity);
    return { connection, capabilities, secured, tls, isTlsRequired, isVerified, onlyFor, goodUntil };
  } catch (error) {
    const failure = tlsBegun && !signal.aborted ? tlsFailure(asClientError(error)) : asClientError(error);
    if (failure.code === "tls" && !signal.aborted) tell(false, outcomesOf(demand, failure));
    if (connection.alive && failure.verdict.fromPeer) connection.writeText("QUIT\r\n");
    connection.destroy(failure);
    throw failure;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function noTlsText(host: string, { name }: SmtpSendConnector, { level, reason }: TlsDemand): string {
  return level === "required"
    ? `${host} offers no TLS, which send connector ${name} requires`
    : `${host} offers no TLS, which is required (${reason})`;
}

function outcomesOf(
  demand: TlsDemand,
  { tlsFault, message }: Pick<SmtpClientError, "tlsFault" | "message">,
): readonly TlsOutcome[] {
  return failedOutcomes(demand, tlsFault ?? "validation-failure", message);
}

/** From STARTTLS to the first answer within TLS, whatever fails is a failure of TLS. */
function tlsFailure(failure: SmtpClientError): SmtpClientError {
  if (failure.code === "tls") return failure;
  const { verdict, message } = failure;
  return verdict.fromPeer
    ? new SmtpClientError("tls", message, { cause: failure, verdict })
    : new SmtpClientError("tls", `TLS fails: ${message}`, { cause: failure });
}

/** Implicit TLS (RFC 8314 §3.3): nothing is said in clear text. */
function secureAtOnce(
  socket: Socket,
  within: HandshakeContext,
  ports: Ports,
  signal: AbortSignal,
): Promise<Socket> {
  return withDeadline(ports, timeouts.tlsHandshakeMs, signal, "the TLS handshake", (own) => {
    own.addEventListener("abort", () => socket.destroy());
    socket.on("error", () => {});
    return handshake(socket, within);
  }).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
}

async function dial(peer: Peer, { ports, connector }: OpeningContext, signal: AbortSignal): Promise<Socket> {
  const endpoint = endpointOf(peer);
  const { sourceIpAddress } = connector;
  const target = {
    address: peer.address,
    port: peer.host.port,
    ...(sourceIpAddress === undefined ? {} : { localAddress: sourceIpAddress }),
  };
  try {
    return await withDeadline(ports, timeouts.connectMs, signal, `connecting to ${endpoint}`, (own) => {
      const dialled = ports.dial({ ...target, signal: own });
      dialled.then(
        (late) => own.aborted && late.destroy(),
        () => {},
      );
      return dialled;
    });
  } catch (error) {
    if (error instanceof SmtpClientError) throw error;
    throw new SmtpClientError("connect", `cannot connect to ${endpoint}: ${failureWords(error)}`, {
      cause: error,
    });
  }
}

/** EHLO, and HELO where the peer does not know it (RFC 5321 §3.2). */
async function hello(dialog: Dialog, { connector, isOwnName }: OpeningContext): Promise<Capabilities> {
  const { fqdn, forceHelo } = connector;
  if (!forceHelo) {
    const reply = await dialog.command(`EHLO ${fqdn}`, "EHLO", timeouts.mailMs);
    if (reply.code === 250) {
      checkName(reply, isOwnName);
      return parseCapabilities(reply);
    }
    if (reply.code < 500) throw refused(reply);
  }
  const reply = await dialog.command(`HELO ${fqdn}`, "HELO", timeouts.mailMs);
  if (reply.code !== 250) throw refused(reply);
  checkName(reply, isOwnName);
  return noCapabilities;
}

/** Behind NAT, or a name that leads here by now, the peer may be this relay itself, which only its name shows. */
function checkName({ text }: PeerReply, isOwnName: OpeningContext["isOwnName"]): void {
  const name = /^[^\s]+/.exec(text)?.[0].toLowerCase() ?? "";
  if (isOwnName?.(name) !== true) return;
  const verdict = localVerdict(
    "4.4.6",
    `451 4.4.6 the peer calls itself ${name}, as this relay does: mail would go in a circle (see ownAddresses)`,
  );
  throw new SmtpClientError("refused", verdict.text, { verdict });
}

function refused(reply: PeerReply): SmtpClientError {
  const verdict = replyVerdict(reply);
  return new SmtpClientError("refused", verdict.text, { verdict });
}
