/** What TLS with a smart host must be like: an administrator's word is as good as signed MX records (RFC 7672 §2.2.2). */
import { isIP } from "node:net";
import { decideHostTls } from "../../core/tls-policy/decide-host-tls.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { Resolver } from "../../ports/lookup.ts";
import { type KnownTls, tlsBySettings } from "../delivery/smtp/opening/open-connection.ts";
import { daneFactOf } from "./dane-facts.ts";

/** Never rejects. Cost without daneEnabled: nothing is asked. */
export async function smartHostTls(
  connector: SmtpSendConnector,
  { name, port }: { readonly name: string; readonly port: number },
  resolver: Resolver,
): Promise<KnownTls> {
  if (!connector.daneEnabled || isIP(name) !== 0) return tlsBySettings(connector, name);
  const [ipv4, ipv6] = await Promise.all([resolver.lookUp(name, "A"), resolver.lookUp(name, "AAAA")]);
  const { fact, keepMs } = await daneFactOf({ name, ipv4, ipv6 }, port, resolver);
  const destination = { isSecure: true, names: [], sts: { kind: "none" } } as const;
  return {
    ...decideHostTls(connector, destination, { name, dane: fact }, undefined),
    keepMs: Math.min(keepMs, ipv4.keepMs, ipv6.keepMs),
  };
}
