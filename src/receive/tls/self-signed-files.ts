/** The self-signed pair on disk: made where there is none that serves, also after a loss of power cut its files. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory } from "../../ports/make-directory.ts";
import { signsRightly } from "../../ports/private-key.ts";
import { replaceFile } from "../../ports/replace-file.ts";
import type { PairFiles } from "./key-pair.ts";
import type { PemPair } from "./self-signed.ts";

/**
 * Leaves a pair that can be read and belongs together as it is; else writes what `make` gives. Rejects when the files
 * may not be read, which is not for us to mend, or cannot be written.
 */
export async function ensureSelfSigned(files: PairFiles, make: () => Promise<PemPair>): Promise<void> {
  if (await serves(files)) return;
  const pair = await make();
  await makeDirectory(dirname(files.keyFile), 0o700);
  await replaceFile(files.keyFile, pair.key, { mode: 0o600 });
  await replaceFile(files.certificateFile, pair.certificate, { mode: 0o644 });
}

async function serves({ certificateFile, keyFile }: PairFiles): Promise<boolean> {
  const [certificate, key] = await Promise.all([readOrNothing(certificateFile), readOrNothing(keyFile)]);
  try {
    const privateKey = createPrivateKey(key);
    return new X509Certificate(certificate).checkPrivateKey(privateKey) && signsRightly(privateKey);
  } catch {
    // Empty, cut off, or no PEM at all.
    return false;
  }
}

async function readOrNothing(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
