/** STARTTLS as a client (RFC 3207), and the handshake: what is demanded of the certificate is looked at behind it. */
import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { isByDomain, type TlsDemand } from "../../../../core/tls-policy/tls-demand.ts";
import type { TlsOutcome } from "../../../../core/tls-policy/tls-result.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import type { Dialog } from "../wire/dialog.ts";
import { failureWords } from "../wire/failure-words.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import { timeouts } from "../wire/timeouts.ts";
import { certificateFault, domainsInsteadOfHost, identityOf } from "./certificate/judge-certificate.ts";
import { securedOutcomes } from "./tls-attempt.ts";

/** Is shown each connection once its handshake is done, and its chain with it. */
export type OnSecured = (socket: TLSSocket) => void;

export interface HandshakeContext {
  readonly demand: TlsDemand;
  readonly connector: Pick<SmtpSendConnector, "tlsCa" | "tlsClient">;
  /** By the wall clock; milliseconds. */
  readonly wallNow: () => number;
  readonly onSecured?: OnSecured | undefined;
  /** How the certificate stands to each policy; only where somebody counts. */
  readonly onOutcomes?: ((outcomes: readonly TlsOutcome[]) => void) | undefined;
  /** The certificate is for these domains, not for the host (DANE-TA). */
  readonly onDomains?: (domains: readonly string[]) => void;
}

/**
 * Asks for TLS and does the handshake; the caller must say EHLO again. Returns false when the peer refuses
 * STARTTLS and the connection goes on in clear text. Rejects with SmtpClientError (`tls`) when the connection is
 * of no use any more.
 */
export async function startTls(
  connection: ClientConnection,
  dialog: Dialog,
  context: HandshakeContext,
): Promise<boolean> {
  const reply = await dialog.command("STARTTLS", "STARTTLS", timeouts.startTlsMs);
  if (reply.code !== 220) {
    if (reply.code === 421)
      throw new SmtpClientError("refused", reply.text, { verdict: replyVerdict(reply) });
    return false;
  }
  if (dialog.unasked > 0 || connection.pendingBytes > 0) {
    throw new SmtpClientError("tls", "the peer sent clear text behind its answer to STARTTLS");
  }
  dialog.await("the TLS handshake", timeouts.tlsHandshakeMs);
  await connection.secure((plain) => handshake(plain, context));
  return true;
}

/**
 * TLS over a connected socket. Rejects with SmtpClientError (`tls`); the socket is of no use then. No session is ever
 * resumed, so no identity verified for one host or policy is taken over by another.
 */
export function handshake(plain: Socket, context: HandshakeContext): Promise<Socket> {
  const { demand, connector, wallNow } = context;
  const { tlsClient, tlsCa } = connector;
  const serverName = identityOf(demand.serverName);
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket: plain,
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(tlsCa === undefined ? {} : { ca: [...tlsCa.certificates] }),
      ...(tlsClient === undefined ? {} : { cert: tlsClient.certificate, key: tlsClient.privateKey }),
      minVersion: "TLSv1.2",
      // Judged below, by more than one measure.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const failed = (words: string, options: ConstructorParameters<typeof SmtpClientError>[2]): void => {
      plain.off("close", lost);
      secured.destroy();
      reject(new SmtpClientError("tls", `the TLS handshake failed: ${words}`, options));
    };
    const broke = (error: unknown): void => failed(handshakeWords(error), { cause: error });
    const lost = (): void => broke(new Error(closedInHandshake));
    plain.once("close", lost);
    secured.once("error", broke);
    secured.once("secureConnect", () => {
      plain.off("close", lost);
      secured.off("error", broke);
      // What comes behind concerns nobody once it is refused.
      secured.on("error", () => {});
      const found = certificateFault(secured, demand.certificate, wallNow());
      if (found !== undefined) return failed(found.detail, { tlsFault: found.fault });
      context.onOutcomes?.(
        securedOutcomes(demand, ({ certificate }) => certificateFault(secured, certificate, wallNow())),
      );
      const domains = isByDomain(demand)
        ? domainsInsteadOfHost(secured, demand.certificate, wallNow())
        : undefined;
      if (domains !== undefined) context.onDomains?.(domains);
      context.onSecured?.(secured);
      resolve(secured);
    });
  });
}

const closedInHandshake = "the peer closed the connection during the handshake";

/** Node says ECONNRESET for a plain close as well. */
function handshakeWords(error: unknown): string {
  return (error as { code?: unknown }).code === "ECONNRESET" ? closedInHandshake : failureWords(error);
}
