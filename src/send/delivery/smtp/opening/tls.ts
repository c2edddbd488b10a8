/** STARTTLS as a client (RFC 3207), by what the Send connector asks for. */
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { domainToASCII } from "node:url";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import type { Dialog } from "../wire/dialog.ts";
import { failureWords } from "../wire/failure-words.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import { timeouts } from "../wire/timeouts.ts";

/** Is shown each connection once its handshake is done, and its chain with it. */
export type OnSecured = (socket: TLSSocket) => void;

/**
 * Asks for TLS and does the handshake; the caller must say EHLO again. Returns false when the peer refuses
 * STARTTLS and the connection goes on in clear text. Rejects with SmtpClientError (`tls`) when the connection is
 * of no use any more.
 */
export async function startTls(
  connection: ClientConnection,
  dialog: Dialog,
  host: string,
  connector: SmtpSendConnector,
  onSecured?: OnSecured,
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
  await connection.secure((plain) => handshake(plain, host, connector, onSecured));
  return true;
}

/**
 * TLS over a connected socket. Rejects with SmtpClientError (`tls`); the socket is of no use then. No session is ever
 * resumed, so no identity verified for one host or policy is taken over by another.
 */
export function handshake(
  plain: Socket,
  host: string,
  connector: SmtpSendConnector,
  onSecured?: OnSecured,
): Promise<Socket> {
  const { tlsAuthLevel: level, tlsClient } = connector;
  const identity = identityOf(connector.tlsDomain ?? host);
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket: plain,
      ...(isIP(identity) === 0 ? { servername: identity } : {}),
      ...(connector.tlsCa === undefined ? {} : { ca: [...connector.tlsCa.certificates] }),
      ...(tlsClient === undefined ? {} : { cert: tlsClient.certificate, key: tlsClient.privateKey }),
      minVersion: "TLSv1.2",
      rejectUnauthorized: level !== "EncryptionOnly",
      checkServerIdentity: (_name, certificate) =>
        level === "DomainValidation" ? checkServerIdentity(identity, certificate) : undefined,
    });
    const failed = (error: unknown): void => {
      plain.off("close", lost);
      secured.destroy();
      reject(
        new SmtpClientError("tls", `the TLS handshake failed: ${handshakeWords(error)}`, { cause: error }),
      );
    };
    const lost = (): void => failed(new Error(closedInHandshake));
    plain.once("close", lost);
    secured.once("error", failed);
    secured.once("secureConnect", () => {
      plain.off("close", lost);
      secured.off("error", failed);
      onSecured?.(secured);
      resolve(secured);
    });
  });
}

const closedInHandshake = "the peer closed the connection during the handshake";

/** Node says ECONNRESET for a plain close as well. */
function handshakeWords(error: unknown): string {
  return (error as { code?: unknown }).code === "ECONNRESET" ? closedInHandshake : failureWords(error);
}

/**
 * One spelling for a name before it is compared: A-labels, lower case, without the root's dot. Throws SmtpClientError (`tls`).
 */
export function identityOf(name: string): string {
  if (isIP(name) !== 0) return name;
  const ascii = domainToASCII(name.replace(/\.$/, "")).toLowerCase();
  if (ascii === "" || ascii.includes("\0"))
    throw new SmtpClientError("tls", `not a host name: ${JSON.stringify(name)}`);
  return ascii;
}
