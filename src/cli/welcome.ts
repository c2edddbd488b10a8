/** What a person sees at the start: where everything is, and how to send the first message. */
import type { Settings } from "../config/settings.ts";
import { chooseReceiveConnector, type Endpoint } from "../core/policy/receive-connector.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { parseAddress } from "../core/units/ip-address.ts";

export function welcome(start: {
  readonly settings: Settings;
  readonly listeners: readonly Endpoint[];
  readonly console: { readonly url: string; readonly firstToken: string | undefined } | undefined;
  /** Where metrics and health are served. */
  readonly monitoring: readonly { readonly url: string }[];
  readonly file: string;
  /** The configuration was written just now. */
  readonly isNew: boolean;
  /** By a person at a terminal; a service's log is told nothing. */
  readonly isRead: boolean;
}): string {
  if (!start.isRead) return "";
  const { settings, listeners, console, monitoring, file, isNew } = start;
  const first = listeners.find((endpoint) => takesLocalMail(settings, endpoint));
  const drop = settings.sendConnectors.find((connector) => connector.kind === "drop");
  const lines = [
    "",
    `  Weir relays mail as ${settings.hostname}`,
    "",
    `  configuration  ${file}${isNew ? "  (just written; every line is explained there)" : ""}`,
    `  data           ${settings.dataDirectory}`,
    ...listeners.map((endpoint) => `  listening on   ${formatEndpoint(endpoint)}`),
    ...settings.sendConnectors.map(
      (connector) => `  delivers to    ${target(connector)}  (send connector ${connector.name})`,
    ),
    ...(console === undefined ? [] : [`  console        ${console.url}`]),
    ...monitoring.map(({ url }) => `  metrics        ${url}/metrics`),
  ];
  if (console?.firstToken !== undefined) {
    lines.push(
      "",
      "  Sign in to the console with this token. It is shown only now; weir New-AdminToken makes others:",
      `    ${console.firstToken}`,
    );
  }
  if (first !== undefined) {
    const host = loopbackOf(first.address);
    const url = `smtp://${formatEndpoint({ address: host, port: first.port })}`;
    lines.push(
      "",
      "  Send a first message:",
      `    printf 'Subject: Hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS ${url} --mail-from app@example.com --mail-rcpt you@example.com -T -`,
      `    swaks --server ${host} --port ${first.port} --from app@example.com --to you@example.com`,
    );
    if (drop?.kind === "drop" && drop.addressSpaces.some(({ domain }) => domain === ""))
      lines.push(`  It arrives as an .eml file in ${drop.dropDirectory}`);
  }
  if (isNew) {
    lines.push(
      "",
      `  For real delivery put your smart host into ${file} (section sendConnectors) and save: it is applied at once.`,
    );
  }
  lines.push("  Stop with Ctrl-C, SIGTERM or weir stop.", "", "");
  return lines.join("\n");
}

/** That anybody on this machine may send a message there, to anywhere. */
function takesLocalMail({ receiveConnectors }: Settings, { address, port }: Endpoint): boolean {
  const host = loopbackOf(address);
  const peer = parseAddress(host);
  if (peer === undefined) return false;
  const connector = chooseReceiveConnector(receiveConnectors, { address: host, port }, peer);
  return connector !== undefined && connector.anonymousRelay && !connector.requireTls;
}

/** A wildcard is reached over loopback. */
function loopbackOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

function target(connector: Settings["sendConnectors"][number]): string {
  switch (connector.kind) {
    case "smartHost":
      return connector.smartHosts.map(({ host, port }) => formatEndpoint({ address: host, port })).join(", ");
    case "dns":
      return "the mail exchangers of each domain";
    case "drop":
      return connector.dropDirectory;
    case "graph":
      return connector.graphRoot;
  }
}
