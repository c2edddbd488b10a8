/**
 * Fetches a domain's policy from its policy host (RFC 8461 §3.3): HTTPS with a certificate for that host, status 200 alone, no
 * redirects, no cache. The host is named by whoever owns the recipient's domain: its name is resolved by our own resolver, and
 * only public addresses are connected to.
 */
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  rootCertificates,
  type SecureContext,
} from "node:tls";
import { readPolicy, type MtaStsPolicy } from "../../core/mta-sts/policy.ts";
import type { Resolver } from "../../ports/lookup.ts";
import type { Clock, Dial } from "../../ports/ports.ts";
import { failureWords } from "../delivery/smtp/wire/failure-words.ts";
import { isPublicAddress } from "../../core/policy/public-address.ts";

/** RFC 8460 §4.3.2.2. */
export type PolicyFailure = "sts-policy-fetch-error" | "sts-policy-invalid" | "sts-webpki-invalid";

export type FetchedPolicy =
  | { readonly kind: "policy"; readonly policy: MtaStsPolicy }
  | {
      readonly kind: "failed";
      readonly result: PolicyFailure;
      /** In words. */
      readonly reason: string;
    };

export interface PolicyTrust {
  /** PEM, beside those that Node.js trusts. */
  readonly certificates: readonly string[];
  /** Policy hosts may be anywhere, this machine included. */
  readonly allowPrivateAddresses: boolean;
}

export interface FetchContext {
  readonly resolver: Resolver;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly trust: () => PolicyTrust;
}

export type FetchPolicy = (domain: string) => Promise<FetchedPolicy>;

/** RFC 8461 §3.3 proposes a minute, and 64 KB. */
export const fetchTimeMs = 60_000;
const connectTimeMs = 10_000;
export const longestPolicyBytes = 64 * 1024;
/** Of a connection: an answer may be little and what stands around it without end, as informational answers and what chunks carry. */
const mostOctets = 4 * longestPolicyBytes;
const mostAddresses = 4;
const port = 443;

class FetchFault extends Error {
  readonly result: PolicyFailure;
  constructor(message: string, result: PolicyFailure = "sts-policy-fetch-error") {
    super(message);
    this.result = result;
  }
}

/** `domain`: the recipient's, lower case, A-labels. Never rejects, and has an end within a minute. */
export function createPolicyFetch({ resolver, dial, clock, trust }: FetchContext): FetchPolicy {
  return async (domain) => {
    const host = `mta-sts.${domain}`;
    const patience = new AbortController();
    const timer = clock.after(fetchTimeMs, () => patience.abort());
    const ended = new Promise<never>((_, reject) => {
      patience.signal.addEventListener("abort", () =>
        reject(new FetchFault(`${host} did not answer within ${fetchTimeMs / 1000} s`)),
      );
    });
    const fetch = async (): Promise<FetchedPolicy> => {
      const { certificates, allowPrivateAddresses } = trust();
      const addresses = await addressesOf(host, resolver, allowPrivateAddresses);
      const socket = await connectToAny(host, addresses, dial, clock, patience.signal);
      const text = await get(socket, host, certificates, patience.signal);
      const read = readPolicy(text);
      if (read.kind === "invalid")
        throw new FetchFault(`the policy of ${domain} is invalid: ${read.reason}`, "sts-policy-invalid");
      return read;
    };
    try {
      return await Promise.race([fetch(), ended]);
    } catch (error) {
      const result = error instanceof FetchFault ? error.result : "sts-policy-fetch-error";
      return { kind: "failed", result, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      timer.cancel();
      patience.abort();
    }
  };
}

async function addressesOf(
  host: string,
  resolver: Resolver,
  allowPrivate: boolean,
): Promise<readonly string[]> {
  const lookups = await Promise.all([resolver.lookUp(host, "A"), resolver.lookUp(host, "AAAA")]);
  const found = lookups.flatMap((lookup) => (lookup.kind === "found" ? lookup.records : []));
  if (found.length === 0) {
    const unknown = lookups.find((lookup) => "detail" in lookup);
    throw new FetchFault(
      unknown !== undefined && "detail" in unknown
        ? `the addresses of ${host} cannot be found out: ${unknown.detail}`
        : `${host} has no address`,
    );
  }
  const usable = allowPrivate ? found : found.filter(isPublicAddress);
  if (usable.length === 0)
    throw new FetchFault(`${host} has no public address: ${found.join(", ")} (see mtaStsAllowPrivateHosts)`);
  return usable.slice(0, mostAddresses);
}

async function connectToAny(
  host: string,
  addresses: readonly string[],
  dial: Dial,
  clock: Clock,
  signal: AbortSignal,
): Promise<Socket> {
  let reason = "";
  for (const address of addresses) {
    const impatient = new AbortController();
    const timer = clock.after(connectTimeMs, () => impatient.abort());
    try {
      return await dial({ address, port, signal: AbortSignal.any([signal, impatient.signal]) });
    } catch (error) {
      reason = `${host} (${address}) cannot be reached: ${impatient.signal.aborted ? `no connection within ${connectTimeMs / 1000} s` : failureWords(error)}`;
    } finally {
      timer.cancel();
    }
  }
  throw new FetchFault(reason);
}

/** Over one connection, which is closed behind it. */
async function get(
  plain: Socket,
  host: string,
  certificates: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const giveUp = (): void => void plain.destroy();
  signal.addEventListener("abort", giveUp);
  try {
    const secured = await secure(plain, host, certificates);
    return await new Promise((resolve, reject) => {
      const asking = request({
        createConnection: () => secured,
        host,
        path: "/.well-known/mta-sts.txt",
        headers: { host, connection: "close", "user-agent": "Weir" },
      });
      asking.on("error", (error) => reject(new FetchFault(`${host}: ${failureWords(error)}`)));
      asking.on("response", (response) => readAnswer(response, host, resolve, reject));
      // Nobody asked for another protocol, and Node.js tells nothing else of it.
      asking.on("upgrade", () => reject(new FetchFault(`${host} answered 101`)));
      const count = (): void => {
        if (secured.bytesRead > mostOctets)
          reject(new FetchFault(`${host} sent more than ${mostOctets} bytes around its answer`));
      };
      asking.on("information", count);
      asking.on("response", (response) => response.on("data", count));
      asking.end();
    });
  } finally {
    signal.removeEventListener("abort", giveUp);
    plain.destroy();
  }
}

function readAnswer(
  response: IncomingMessage,
  host: string,
  resolve: (text: string) => void,
  reject: (fault: FetchFault) => void,
): void {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    const isRedirect = statusCode >= 300 && statusCode < 400;
    reject(
      new FetchFault(`${host} answered ${statusCode}${isRedirect ? ", and redirects do not count" : ""}`),
    );
    return;
  }
  // What ends with the connection may have been cut off on its way: the lines behind are missing, and nobody sees it.
  const { "content-length": length, "transfer-encoding": encoding = "" } = response.headers;
  if (length === undefined && !/(?:^|[\s,])chunked\s*$/i.test(encoding)) {
    reject(new FetchFault(`${host} does not say where its answer ends`));
    return;
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  response.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > longestPolicyBytes)
      reject(new FetchFault(`${host} sent more than ${longestPolicyBytes} bytes`));
    else pieces.push(piece);
  });
  response.on("error", (error) => reject(new FetchFault(`${host}: ${failureWords(error)}`)));
  response.on("end", () => resolve(Buffer.concat(pieces).toString("utf8")));
}

/** The name must stand among the certificate's alternative names: a common name does not count (RFC 8461 §3.3). */
function secure(plain: Socket, host: string, certificates: readonly string[]): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket: plain,
      servername: host,
      secureContext: contextOf(certificates),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: false,
    });
    const lost = (error?: Error): void =>
      reject(
        new FetchFault(
          `the TLS handshake with ${host} failed: ${error === undefined ? "it closed the connection" : failureWords(error)}`,
        ),
      );
    secured.on("error", lost);
    secured.once("close", () => lost());
    secured.once("secureConnect", () => {
      const shown = secured.getPeerCertificate();
      const reason = secured.authorized
        ? shown.subjectaltname === undefined
          ? "it has no subjectAltName"
          : nameFault(host, shown)
        : failureWords(Object.assign(new Error(), { code: secured.authorizationError }));
      if (reason === undefined) resolve(secured);
      else reject(new FetchFault(`the certificate of ${host} is not valid: ${reason}`, "sts-webpki-invalid"));
    });
  });
}

function nameFault(host: string, shown: PeerCertificate): string | undefined {
  const fault = checkServerIdentity(host, shown);
  return fault === undefined ? undefined : failureWords(fault);
}

/** Made once: it takes some milliseconds to read all that are trusted. */
const contexts = new WeakMap<readonly string[], SecureContext>();

function contextOf(certificates: readonly string[]): SecureContext {
  let context = contexts.get(certificates);
  if (context === undefined) {
    const ca = certificates.length === 0 ? {} : { ca: [...rootCertificates, ...certificates] };
    contexts.set(certificates, (context = createSecureContext({ minVersion: "TLSv1.2", ...ca })));
  }
  return context;
}
