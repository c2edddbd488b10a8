/**
 * The certificates of whoever listens with TLS: read from files, read again when the files change, and a
 * self-signed one made at the first start for those that name none.
 */
import { join } from "node:path";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { repeatLook, type RepeatedLook } from "../../ports/repeated-look.ts";
import { type KeyPair, type PairFiles, readKeyPair, versionOf } from "./key-pair.ts";
import { ensureSelfSigned } from "./self-signed-files.ts";
import { makeSelfSigned } from "./self-signed.ts";
import { createServerContexts, type HandshakeSettings, type ServerContexts } from "./server-contexts.ts";

/** What to present: files that go together by their place; none of them: the self-signed pair. */
export interface CertificateUse {
  readonly tlsCertificateFile: readonly string[];
  readonly tlsKeyFile: readonly string[];
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

/** Pairs that are presented together: of several kinds of key the client's hello chooses. */
type Presented = readonly [PairFiles, ...PairFiles[]];

interface Good extends CertificateInUse {
  readonly pairs: readonly KeyPair[];
}

interface Loaded {
  /** The last that could be used. */
  readonly good: Good | undefined;
  /** Of both files when they were read. */
  readonly version: string;
}

export interface Certificates {
  /** What new handshakes are done with; undefined when none of the certificates can be used. Cost: a look-up. */
  contextsFor(use: CertificateUse & HandshakeSettings): ServerContexts | undefined;
  /** The first as PEM, for servers that are told of changes. */
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
  /** Of each connector's settings; all of them forgotten when a pair was read anew. */
  let contexts = new WeakMap<CertificateUse, { readonly made: ServerContexts | undefined }>();
  let looks: RepeatedLook | undefined;
  let closed = false;

  const selfSignedAs = (name: string): PairFiles => ({
    certificateFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  });
  const ecdsa = selfSignedAs("self-signed");
  const rsa = selfSignedAs("self-signed-rsa");
  const selfSigned: Presented = [ecdsa, rsa];
  const filesOf = ({ tlsCertificateFile, tlsKeyFile }: CertificateUse): readonly Presented[] =>
    tlsCertificateFile.length === 0
      ? [selfSigned]
      : tlsCertificateFile.map((certificateFile, index): Presented => [
          { certificateFile, keyFile: tlsKeyFile[index] ?? certificateFile },
        ]);
  const wanted = (): readonly Presented[] => [
    ...new Map([...wantedBy.values()].flat().map((files) => [keyOf(files), files])).values(),
  ];
  const goodFor = (use: CertificateUse): readonly Good[] =>
    filesOf(use).flatMap((files) => loaded.get(keyOf(files))?.good ?? []);

  /** A file of CAs that cannot be read any more is told, and no client asked for a certificate. */
  const contextsOf = (use: CertificateUse & HandshakeSettings): ServerContexts | undefined => {
    try {
      return createServerContexts(goodFor(use), use);
    } catch (fault) {
      const { tlsClientCaFile: file } = use;
      if (file === undefined) throw fault;
      const error = fault instanceof Error ? fault.message : String(fault);
      events.emit("TlsCertificateProblem", { file, error });
      return createServerContexts(goodFor(use), { ...use, tlsClientCaFile: undefined });
    }
  };

  const ensureAllSelfSigned = (): Promise<unknown> =>
    Promise.all([
      ensureSelfSigned(ecdsa, () => makeSelfSigned(hostname, clock.wall(), "ECDSA")),
      ensureSelfSigned(rsa, () => makeSelfSigned(hostname, clock.wall(), "RSA")),
    ]);

  const loadPairs = async (files: Presented): Promise<void> => {
    const name = keyOf(files);
    const before = loaded.get(name);
    const file = files[0].certificateFile;
    try {
      if (files === selfSigned && before?.good === undefined) await ensureAllSelfSigned();
      const version = await versionOf(files);
      if (before?.version === version) return;
      const pairs = await Promise.all(files.map(readKeyPair));
      const { subject, validFrom, validTo } = pairs[0]!;
      const heldUntil = before?.good?.validTo ?? 0;
      const now = clock.wall().getTime();
      if ((validTo <= now || validFrom > now) && heldUntil > now) {
        const why = validFrom > now ? `it begins on ${dayOf(validFrom)}` : `it ended on ${dayOf(validTo)}`;
        throw new Error(`${why}, and the one in use holds until ${dayOf(heldUntil)}`);
      }
      loaded.set(name, { good: { file, subject, validTo, pairs }, version });
      contexts = new WeakMap();
      events.emit("TlsCertificateLoaded", { file, subject, validTo: new Date(validTo).toISOString() });
      for (const listener of listeners) listener();
    } catch (fault) {
      const error = fault instanceof Error ? fault.message : String(fault);
      // Said once for each state of the files, not at each look.
      const version = `unusable: ${error}`;
      if (before?.version !== version) events.emit("TlsCertificateProblem", { file, error });
      loaded.set(name, { good: before?.good, version });
    }
  };

  const loadAll = (): Promise<unknown> => Promise.all(wanted().map(loadPairs));

  return {
    contextsFor(use) {
      let found = contexts.get(use);
      if (found === undefined) {
        found = { made: contextsOf(use) };
        contexts.set(use, found);
      }
      return found.made;
    },
    pairFor: (use) => goodFor(use)[0]?.pairs[0],
    async load(user, uses) {
      wantedBy.set(user, uses.flatMap(filesOf));
      await loadAll();
      if (!closed) looks ??= repeatLook(clock, lookAgainMs, loadAll);
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
      void looks?.close();
    },
  };
}

function keyOf(files: Presented): string {
  return files.map(({ certificateFile, keyFile }) => `${certificateFile}\0${keyFile}`).join("\0");
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
