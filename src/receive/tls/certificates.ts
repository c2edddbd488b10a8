/**
 * The certificates of whoever listens with TLS: read from files, read again when the files change, and a
 * self-signed one made at the first start for those that name none. TLS 1.2 is the least (RFC 8996).
 */
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Events } from "../../events/events.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { ensureSelfSigned, type PairFiles } from "./self-signed-files.ts";
import { makeSelfSigned } from "./self-signed.ts";

/** What to present: without a file, the self-signed one; without a key's file, both stand in one. */
export interface CertificateUse {
  readonly tlsCertificateFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
}

export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface CertificateInUse {
  readonly file: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

/** What is presented together: of several kinds of key the client's hello chooses. */
type Presented = readonly [PairFiles, ...PairFiles[]];

interface Good extends CertificateInUse {
  readonly context: SecureContext;
  readonly pair: CertificatePair;
}

interface Loaded {
  /** The last that could be used. */
  readonly good: Good | undefined;
  /** Size and time of both files when they were read. */
  readonly version: string;
}

export interface Certificates {
  /** The context for new handshakes; undefined when the certificate cannot be used. */
  contextFor(use: CertificateUse): SecureContext | undefined;
  /** The same as PEM, for servers that are told of changes. */
  pairFor(use: CertificateUse): CertificatePair | undefined;
  /**
   * Reads what `user` names, in place of what it named before. Faults are told as events; the last good
   * certificate stays in use.
   */
  load(user: string, uses: readonly CertificateUse[]): Promise<void>;
  /** Calls back after a pair was read anew. Returns what ends it. */
  onLoaded(listener: () => void): () => void;
  /** Those that are presented now, each once. */
  inUse(): readonly CertificateInUse[];
  close(): void;
}

const lookAgainMs = 10_000;

export function createCertificates(options: {
  /** Holds the self-signed pair. */
  readonly directory: string;
  readonly hostname: string;
  readonly clock: Clock;
  readonly events: Events;
}): Certificates {
  const { directory, hostname, clock, events } = options;
  const loaded = new Map<string, Loaded>();
  const wantedBy = new Map<string, readonly Presented[]>();
  const listeners = new Set<() => void>();
  let timer: Timer | undefined;
  let closed = false;

  const selfSignedAs = (name: string): PairFiles => ({
    certificateFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  });
  const ecdsa = selfSignedAs("self-signed");
  const rsa = selfSignedAs("self-signed-rsa");
  const selfSigned: Presented = [ecdsa, rsa];
  const filesOf = ({ tlsCertificateFile, tlsKeyFile }: CertificateUse): Presented =>
    tlsCertificateFile === undefined
      ? selfSigned
      : [{ certificateFile: tlsCertificateFile, keyFile: tlsKeyFile ?? tlsCertificateFile }];
  const wanted = (): readonly Presented[] => [
    ...new Map([...wantedBy.values()].flat().map((files) => [keyOf(files), files])).values(),
  ];
  const goodFor = (use: CertificateUse): Good | undefined => loaded.get(keyOf(filesOf(use)))?.good;

  const ensureAllSelfSigned = (): Promise<unknown> =>
    Promise.all([
      ensureSelfSigned(ecdsa, () => makeSelfSigned(hostname, clock.wall(), "ECDSA")),
      ensureSelfSigned(rsa, () => makeSelfSigned(hostname, clock.wall(), "RSA")),
    ]);

  const loadPairs = async (files: Presented): Promise<void> => {
    const name = keyOf(files);
    const before = loaded.get(name);
    try {
      if (files === selfSigned && before?.good === undefined) await ensureAllSelfSigned();
      const version = await versionOf(files);
      if (before?.version === version) return;
      const pairs = await Promise.all(files.map(readPair));
      const [pair] = pairs as [CertificatePair, ...CertificatePair[]];
      const context = createSecureContext({
        cert: pairs.map(({ cert }) => cert),
        key: pairs.map(({ key }) => key),
        minVersion: "TLSv1.2",
      });
      const { subject: lines, validTo } = new X509Certificate(pair.cert);
      const [file, subject] = [files[0].certificateFile, lines.replaceAll("\n", ", ")];
      const good = { file, subject, validTo: Date.parse(validTo), context, pair };
      loaded.set(name, { good, version });
      events.emit("TlsCertificateLoaded", { file, subject, validTo });
      for (const listener of listeners) listener();
    } catch (fault) {
      const error = fault instanceof Error ? fault.message : String(fault);
      // Said once for each state of the files, not at each look.
      const version = `unusable: ${error}`;
      if (before?.version !== version) {
        events.emit("TlsCertificateProblem", { file: files[0].certificateFile, error });
      }
      loaded.set(name, { good: before?.good, version });
    }
  };

  const lookAgain = (): void => {
    timer = clock.after(lookAgainMs, () => {
      void Promise.all(wanted().map(loadPairs)).finally(() => {
        if (!closed) lookAgain();
      });
    });
  };

  return {
    contextFor: (use) => goodFor(use)?.context,
    pairFor: (use) => goodFor(use)?.pair,
    async load(user, uses) {
      wantedBy.set(user, uses.map(filesOf));
      const all = wanted();
      await Promise.all(all.map(loadPairs));
      if (timer === undefined && !closed) lookAgain();
    },
    onLoaded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    inUse: () =>
      wanted().flatMap((files) => {
        const good = loaded.get(keyOf(files))?.good;
        return good === undefined ? [] : [{ file: good.file, subject: good.subject, validTo: good.validTo }];
      }),
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}

function keyOf(files: Presented): string {
  return files.map(({ certificateFile, keyFile }) => `${certificateFile}\0${keyFile}`).join("\0");
}

async function readPair({ certificateFile, keyFile }: PairFiles): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  return { cert, key };
}

async function versionOf(files: Presented): Promise<string> {
  const versions = files.map(async ({ certificateFile, keyFile }) => {
    const [certificate, key] = await Promise.all([stat(certificateFile), stat(keyFile)]);
    return `${certificate.mtimeMs}/${certificate.size}/${key.mtimeMs}/${key.size}`;
  });
  return (await Promise.all(versions)).join(" ");
}
