/** What is served by HTTP: its TLS, and places that are taken already. */
import type { Endpoint, ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import type { Findings, Path } from "./fault.ts";
import type { HttpTls } from "./settings.ts";

/** Undefined: in the clear. */
export function readHttpTls(
  given: {
    readonly tls?: boolean | undefined;
    readonly tlsCertificateFile?: string | undefined;
    readonly tlsKeyFile?: string | undefined;
  },
  path: Path,
  absolute: (file: string) => string,
  findings: Findings,
): HttpTls | undefined {
  const { tlsCertificateFile: certificate, tlsKeyFile: key } = given;
  const together = "tlsCertificateFile and tlsKeyFile go together; give both or none";
  if (certificate !== undefined && key === undefined)
    findings.fault([...path, "tlsCertificateFile"], together);
  if (key !== undefined && certificate === undefined) findings.fault([...path, "tlsKeyFile"], together);
  if (given.tls === false && certificate !== undefined)
    findings.warning([...path, "tls"], "tlsCertificateFile has no effect without TLS");
  if (!(given.tls ?? certificate !== undefined)) return undefined;
  return {
    tlsCertificateFile: certificate === undefined ? [] : [absolute(certificate)],
    tlsKeyFile: key === undefined ? [] : [absolute(key)],
  };
}

/** Two listeners cannot share an address. Connectors that could not be read are undefined. */
export function checkHttpPlaces(
  console: Endpoint | undefined,
  cluster: Endpoint | undefined,
  metrics: readonly Endpoint[],
  connectors: readonly (ReceiveConnectorSettings | undefined)[],
  findings: Findings,
): void {
  const taken = new Map<string, string>();
  for (const connector of connectors)
    if (connector?.enabled)
      for (const binding of [...connector.bindings, ...connector.httpBindings])
        taken.set(formatEndpoint(binding), `receive connector ${JSON.stringify(connector.name)}`);
  const take = (endpoint: Endpoint, path: Path, what: string): void => {
    const address = formatEndpoint(endpoint);
    const by = endpoint.port === 0 ? undefined : taken.get(address);
    if (by !== undefined) findings.fault(path, `${address} is taken by ${by}`);
    else taken.set(address, what);
  };
  if (console !== undefined) take(console, ["admin", "console"], "admin.console");
  if (cluster !== undefined) take(cluster, ["admin", "cluster"], "admin.cluster");
  for (const [index, endpoint] of metrics.entries())
    take(endpoint, ["metrics", "listen", index], `metrics.listen[${index}]`);
}
