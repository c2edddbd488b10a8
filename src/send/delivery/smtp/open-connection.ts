/** From a host's name to a connection ready for mail: resolve, connect, greeting, EHLO, STARTTLS, AUTH. */
import type { SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import type { Ports } from "../../../ports/ports.ts";
import { authenticate } from "./authentication.ts";
import { ClientConnection } from "./client-connection.ts";
import { SmtpClientError, errorText } from "./client-error.ts";
import { Dialog } from "./dialog.ts";
import { noCapabilities, parseCapabilities, type Capabilities } from "./ehlo-capabilities.ts";
import { clearTextMs, type NextHopHost } from "./next-hop-host.ts";
import { replyVerdict } from "./peer-verdict.ts";
import type { PeerReply } from "./reply-reader.ts";
import { timeouts } from "./timeouts.ts";
import { isTlsNeeded, startTls } from "./tls.ts";
import { transcribe, type Transcript } from "./transcript.ts";

export interface OpeningContext {
  readonly connector: SmtpSendConnector;
  readonly ports: Ports;
  readonly transcript: Transcript | undefined;
  /** PEM, in place of the system's roots. */
  readonly trustedCertificates: readonly string[] | undefined;
  /** Numbers for the protocol log. */
  readonly nextSession: () => number;
}

export interface OpenedConnection {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
}

/**
 * Tries the addresses of a host in turn. Rejects with the last address's SmtpClientError; nothing is left open
 * then. `signal` ends it at once.
 */
export async function openConnection(
  host: NextHopHost,
  context: OpeningContext,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const addresses = await resolve(host, context, signal);
  let failure: SmtpClientError | undefined;
  for (const address of addresses) {
    try {
      return await openAddress(host, address, context, signal);
    } catch (error) {
      failure = asClientError(error);
      if (signal.aborted) break;
    }
  }
  throw failure ?? new SmtpClientError("resolve", `${host.name} has no address`);
}

async function resolve(
  host: NextHopHost,
  { ports }: OpeningContext,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return await withDeadline(ports, timeouts.resolveMs, signal, `resolving ${host.name}`, () =>
      ports.dns.addresses(host.name),
    );
  } catch (error) {
    if (error instanceof SmtpClientError) throw error;
    throw new SmtpClientError("resolve", `cannot resolve ${host.name}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

async function openAddress(
  host: NextHopHost,
  address: string,
  context: OpeningContext,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const needTls = isTlsNeeded(context.connector);
  const tryTls =
    needTls || (!context.connector.ignoreStartTls && host.clearTextUntil <= context.ports.clock.now());
  try {
    return await greet(host, address, context, signal, tryTls);
  } catch (error) {
    // Opportunistic: a peer whose TLS does not work gets the mail in clear text, on a connection of its own.
    if (!(error instanceof SmtpClientError) || error.code !== "tls" || needTls || signal.aborted) throw error;
    host.clearTextUntil = context.ports.clock.now() + clearTextMs;
    return await greet(host, address, context, signal, false);
  }
}

async function greet(
  host: NextHopHost,
  address: string,
  context: OpeningContext,
  signal: AbortSignal,
  tryTls: boolean,
): Promise<OpenedConnection> {
  const { connector, ports, transcript } = context;
  const endpoint = address.includes(":") ? `[${address}]:${host.port}` : `${address}:${host.port}`;
  const socket = await withDeadline(ports, timeouts.connectMs, signal, `connecting to ${endpoint}`, (own) => {
    const dialled = ports.dial({ address, port: host.port, signal: own });
    dialled.then(
      (late) => own.aborted && late.destroy(),
      () => {},
    );
    return dialled;
  });
  const dialog = new Dialog();
  const connection = new ClientConnection(
    socket,
    dialog,
    ports.clock,
    transcript && transcribe(transcript, context.nextSession(), endpoint),
  );
  dialog.begin(connection);
  const abort = (): void => connection.destroy(new SmtpClientError("aborted", "the relay is stopping"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    const greeting = await dialog.next("the greeting", timeouts.greetingMs);
    if (greeting.code !== 220) throw refused(greeting);
    let capabilities = await hello(dialog, connector);
    let secured = false;
    if (tryTls) {
      if (capabilities.startTls) {
        secured = await startTls(connection, dialog, host.name, connector, context.trustedCertificates);
        if (secured) capabilities = await hello(dialog, connector);
      }
      if (!secured && isTlsNeeded(connector)) {
        throw new SmtpClientError(
          "tls",
          `${host.name} offers no TLS, which send connector ${connector.name} requires`,
        );
      }
    }
    await authenticate(dialog, capabilities, secured, connector);
    if (dialog.unasked > 0) throw new SmtpClientError("garbage", "the peer sent replies nobody asked for");
    return { connection, capabilities };
  } catch (error) {
    const failure = asClientError(error);
    if (connection.alive && failure.code === "refused") connection.writeText("QUIT\r\n");
    connection.destroy(failure);
    throw failure;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** EHLO, and HELO where the peer does not know it (RFC 5321 §3.2). */
async function hello(dialog: Dialog, { fqdn, forceHelo }: SmtpSendConnector): Promise<Capabilities> {
  if (!forceHelo) {
    const reply = await dialog.command(`EHLO ${fqdn}`, "EHLO", timeouts.mailMs);
    if (reply.code === 250) return parseCapabilities(reply);
    if (reply.code < 500) throw refused(reply);
  }
  const reply = await dialog.command(`HELO ${fqdn}`, "HELO", timeouts.mailMs);
  if (reply.code !== 250) throw refused(reply);
  return noCapabilities;
}

function refused(reply: PeerReply): SmtpClientError {
  const verdict = replyVerdict(reply);
  return new SmtpClientError("refused", verdict.text, { verdict });
}

function asClientError(error: unknown): SmtpClientError {
  return error instanceof SmtpClientError
    ? error
    : new SmtpClientError("connect", errorText(error), { cause: error });
}

/** Runs `begin` with a signal that also fires when the time is up. */
async function withDeadline<Result>(
  { clock }: Ports,
  timeoutMs: number,
  signal: AbortSignal,
  what: string,
  begin: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const own = new AbortController();
  let give: (error: SmtpClientError) => void = () => {};
  const given = new Promise<never>((_, reject) => {
    give = (error) => {
      reject(error);
      own.abort(error);
    };
  });
  const onAbort = (): void => give(new SmtpClientError("aborted", "the relay is stopping"));
  const timer = clock.after(timeoutMs, () =>
    give(new SmtpClientError("timeout", `${what} took longer than ${timeoutMs / 1000} s`)),
  );
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([begin(own.signal), given]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    given.catch(() => {});
  }
}
