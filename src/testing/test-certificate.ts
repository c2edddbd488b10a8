/** A key and a self-signed certificate for servers of tests, in Node's names. */
import { makeSelfSigned } from "../receive/tls/self-signed.ts";

export async function testCertificate(hostname: string): Promise<{ key: string; cert: string }> {
  const { key, certificate } = await makeSelfSigned(hostname, new Date());
  return { key, cert: certificate };
}
