/** The self-signed pairs that a relay makes at its first start, put there before: an RSA key takes 0.2 s of CPU to make. */
import { rmSync } from "node:fs";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSelfSigned } from "../receive/tls/self-signed.ts";

let made: Promise<string> | undefined;

/** A folder with pairs of `relay.test`; made once a process. */
async function makePairs(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "weir-tls-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const [name, kind] of [
    ["self-signed", "ECDSA"],
    ["self-signed-rsa", "RSA"],
  ] as const) {
    const { key, certificate } = await makeSelfSigned("relay.test", new Date(), kind);
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
    await writeFile(join(folder, `${name}.pem`), certificate);
  }
  return folder;
}

/** What is there already stays. Makes `dataDirectory` where there is none. */
export async function placeSelfSigned(dataDirectory: string): Promise<void> {
  made ??= makePairs();
  await cp(await made, join(dataDirectory, "tls"), { recursive: true, force: false });
}
