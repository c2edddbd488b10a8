/** master.cf: the services that listen. Source: master(5). */
import { ownValue } from "../own-value.ts";
import { logicalLines } from "./main-cf.ts";

export interface SmtpdService {
  /** As written: `smtp`, `submission`, `127.0.0.1:10025`. */
  readonly name: string;
  /** `host:` in front of the port; undefined: inet_interfaces says it. */
  readonly host: string | undefined;
  readonly port: number;
  /** `smtpd`, or `postscreen` in front of it. */
  readonly command: string;
  /** Most processes, each with one client; undefined: default_process_limit. */
  readonly mostProcesses: number | undefined;
  /** `-o name=value` */
  readonly overrides: ReadonlyMap<string, string>;
}

const ports: Readonly<Record<string, number>> = {
  smtp: 25,
  submission: 587,
  smtps: 465,
  submissions: 465,
  urd: 465,
};

/** Of /etc/services, as far as mail goes. */
export function portOf(name: string): number | undefined {
  const port = ownValue(ports, name.toLowerCase()) ?? (/^\d{1,5}$/.test(name) ? Number(name) : undefined);
  return port === undefined || port < 1 || port > 65_535 ? undefined : port;
}

export function readMasterCf(text: string): readonly SmtpdService[] {
  return logicalLines(text).flatMap((line) => {
    const [name = "", type, , , , , processes = "-", command = "", ...words] = line.split(/\s+/);
    if (type !== "inet" || !["smtpd", "postscreen"].includes(command)) return [];
    const cut = name.lastIndexOf(":");
    const port = portOf(name.slice(cut + 1));
    if (port === undefined) return [];
    const host = cut === -1 ? undefined : name.slice(0, cut).replace(/^\[(.*)\]$/, "$1");
    return [
      {
        name,
        host: host === "" ? undefined : host,
        port,
        command,
        // postscreen is one process for all.
        mostProcesses: command === "smtpd" && /^\d+$/.test(processes) ? Number(processes) : undefined,
        overrides: overridesIn(words),
      },
    ];
  });
}

/** `-o name=value`, `-oname=value`, `-o { name = value }`. */
function overridesIn(words: readonly string[]): ReadonlyMap<string, string> {
  const overrides = new Map<string, string>();
  const text = ` ${words.join(" ")} `;
  for (const match of text.matchAll(/ -o\s*(?:\{\s*(\w+)\s*=\s*([^}]*)\}|(\w+)=(\S*))(?= )/g)) {
    const [, braced, bracedValue = "", plain, plainValue = ""] = match;
    overrides.set(braced ?? plain ?? "", (braced === undefined ? plainValue : bracedValue).trim());
  }
  return overrides;
}

export const onlySmtp: readonly SmtpdService[] = [
  {
    name: "smtp",
    host: undefined,
    port: 25,
    command: "smtpd",
    mostProcesses: undefined,
    overrides: new Map(),
  },
];
