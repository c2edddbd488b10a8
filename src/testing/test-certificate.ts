/** A key and a self-signed certificate for servers of tests, in Node's names. */
import { makeSelfSigned, type KeyKind } from "../receive/tls/self-signed.ts";

export async function testCertificate(
  hostname: string,
  kind: KeyKind = "ECDSA",
): Promise<{ key: string; cert: string }> {
  const { key, certificate } = await makeSelfSigned(hostname, new Date(), kind);
  return { key, cert: certificate };
}
