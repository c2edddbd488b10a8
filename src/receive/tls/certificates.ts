/**
 * The certificates of the receive connectors: read from files, read again when the files change, and a
 * self-signed one made at the first start for connectors that name none. TLS 1.2 is the least (RFC 8996).
 */
import { X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Events } from "../../events/events.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { makeSelfSigned } from "./self-signed.ts";

interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

interface Loaded extends CertificateFiles {
  readonly context: SecureContext | undefined;
  /** Size and time of both files when they were read. */
  readonly version: string;
}

export interface Certificates {
  /** The context for new handshakes of this connector; undefined when its certificate cannot be used. */
  contextFor(connector: ReceiveConnectorSettings): SecureContext | undefined;
  /** Reads what the connectors name. Faults are told as events; the last good certificate stays in use. */
  load(connectors: readonly ReceiveConnectorSettings[]): Promise<void>;
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
  let wanted: CertificateFiles[] = [];
  let timer: Timer | undefined;
  let closed = false;

  const selfSigned: CertificateFiles = {
    certificateFile: join(directory, "self-signed.pem"),
    keyFile: join(directory, "self-signed.key"),
  };
  const filesOf = (connector: ReceiveConnectorSettings): CertificateFiles =>
    connector.tlsCertificateFile === undefined
      ? selfSigned
      : {
          certificateFile: connector.tlsCertificateFile,
          keyFile: connector.tlsKeyFile ?? connector.tlsCertificateFile,
        };

  const loadPair = async (files: CertificateFiles): Promise<void> => {
    const key = keyOf(files);
    const before = loaded.get(key);
    try {
      const version = await versionOf(files);
      if (before?.version === version) return;
      const [cert, privateKey] = await Promise.all([
        readFile(files.certificateFile),
        readFile(files.keyFile),
      ]);
      const context = createSecureContext({ cert, key: privateKey, minVersion: "TLSv1.2" });
      loaded.set(key, { ...files, context, version });
      const { subject, validTo } = new X509Certificate(cert);
      events.emit("TlsCertificateLoaded", {
        file: files.certificateFile,
        subject: subject.replaceAll("\n", ", "),
        validTo,
      });
    } catch (fault) {
      const error = fault instanceof Error ? fault.message : String(fault);
      // Said once for each state of the files, not at each look.
      const version = `unusable: ${error}`;
      if (before?.version !== version) {
        events.emit("TlsCertificateProblem", { file: files.certificateFile, error });
      }
      loaded.set(key, { ...files, context: before?.context, version });
    }
  };

  const makeWhenMissing = async (): Promise<void> => {
    if (await exists(selfSigned.certificateFile)) return;
    const pair = await makeSelfSigned(hostname, clock.wall());
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(selfSigned.keyFile, pair.key, { mode: 0o600 });
    await chmod(selfSigned.keyFile, 0o600);
    await writeFile(selfSigned.certificateFile, pair.certificate);
  };

  const lookAgain = (): void => {
    timer = clock.after(lookAgainMs, () => {
      void Promise.all(wanted.map(loadPair)).finally(() => {
        if (!closed) lookAgain();
      });
    });
  };

  return {
    contextFor: (connector) =>
      connector.authMechanism.includes("Tls") ? loaded.get(keyOf(filesOf(connector)))?.context : undefined,
    async load(connectors) {
      const all = connectors.filter((connector) => connector.authMechanism.includes("Tls")).map(filesOf);
      wanted = [...new Map(all.map((files) => [keyOf(files), files])).values()];
      if (wanted.includes(selfSigned)) {
        try {
          await makeWhenMissing();
        } catch (fault) {
          const error = fault instanceof Error ? fault.message : String(fault);
          events.emit("TlsCertificateProblem", { file: selfSigned.certificateFile, error });
        }
      }
      await Promise.all(wanted.map(loadPair));
      if (timer === undefined && !closed) lookAgain();
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}

function keyOf(files: CertificateFiles): string {
  return `${files.certificateFile}\0${files.keyFile}`;
}

async function versionOf(files: CertificateFiles): Promise<string> {
  const [certificate, key] = await Promise.all([stat(files.certificateFile), stat(files.keyFile)]);
  return `${certificate.mtimeMs}/${certificate.size}/${key.mtimeMs}/${key.size}`;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
