/** Where smtpd listens, and which extensions it hides. */
import { formatEndpoint, parseEndpoint } from "../../../core/units/endpoint.ts";
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { carry, type Carried } from "../carried.ts";
import { ownValue } from "../own-value.ts";
import type { MainCf } from "./main-cf.ts";
import type { SmtpdService } from "./master-cf.ts";
import { wordsOf } from "./tables.ts";

const { shape } = receiveConnectorSchema;

export function carryBindings(carried: Carried, { name, host, port }: SmtpdService, main: MainCf): void {
  const protocols = wordsOf(main.value("inet_protocols") ?? "all");
  const families = {
    ipv4: protocols.some((it) => it === "all" || it === "ipv4"),
    ipv6: protocols.some((it) => it === "all" || it === "ipv6"),
  };
  const given = host ?? main.value("inet_interfaces") ?? "all";
  const names: readonly string[] = wordsOf(given).flatMap((word) => {
    if (word === "all") return ["0.0.0.0", "::"];
    if (word === "loopback-only" || word === "localhost") return ["127.0.0.1", "::1"];
    return [word];
  });
  const wanted = names.filter((address) => (address.includes(":") ? families.ipv6 : families.ipv4));
  const endpoints = wanted.map((address) =>
    formatEndpoint({ address: address.replace(/^\[(.*)\]$/, "$1"), port }),
  );
  const [usable, lost] = [true, false].map((ok) =>
    endpoints.filter((endpoint) => parseEndpoint(endpoint).ok === ok),
  );
  carry(carried, shape, "bindings", usable?.length ? usable : [`0.0.0.0:${port}`], {
    property: host === undefined ? "inet_interfaces" : name,
    given,
    ...(lost?.length ? { differs: `not: ${lost.join(", ")}: a binding is an address, not a name` } : {}),
  });
}

const keywords: Readonly<Record<string, string>> = {
  "8bitmime": "eightBitMimeEnabled",
  chunking: "chunkingEnabled",
  dsn: "deliveryStatusNotificationEnabled",
  enhancedstatuscodes: "enhancedStatusCodesEnabled",
  pipelining: "pipeliningEnabled",
  requiretls: "requireTlsExtensionEnabled",
  smtputf8: "smtpUtf8Enabled",
};

export function carryHiddenExtensions(carried: Carried, given: string | undefined): void {
  for (const word of wordsOf(given?.toLowerCase())) {
    const setting = ownValue(keywords, word);
    if (setting !== undefined)
      carry(carried, shape, setting, false, { property: "smtpd_discard_ehlo_keywords", given: word });
  }
}
