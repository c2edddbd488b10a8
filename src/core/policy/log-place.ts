/** Where a syslog daemon listens: `udp:127.0.0.1:514`, `tcp:loghost.example:601`, `unix:/run/syslog-ng.sock`. */
import { type Parsed, parsed, quoted, unparsable } from "../units/parsed.ts";

export type SyslogPlace =
  | { readonly transport: "udp" | "tcp"; readonly host: string; readonly port: number; readonly text: string }
  /** A socket for streams. */
  | { readonly transport: "unix"; readonly path: string; readonly text: string };

export function parseSyslogPlace(input: string): Parsed<SyslogPlace> {
  const text = input.trim();
  const [, path] = /^unix:(\/.{1,100})$/.exec(text) ?? [];
  if (path !== undefined) return parsed({ transport: "unix", path, text });
  const [, transport, bracketed, plain, digits] =
    /^(udp|tcp):(?:\[([0-9a-fA-F:.]{2,64})\]|([A-Za-z0-9.-]{1,253})):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (transport === undefined || host === undefined || port < 1 || port > 65535)
    return unparsable(
      `${quoted(input)} is no place of a syslog daemon; write it like udp:127.0.0.1:514, tcp:loghost.example:601 or unix:/run/syslog-ng.sock`,
    );
  return parsed({ transport: transport as "udp" | "tcp", host, port, text });
}

/** RFC 5424 §6.2.1; those that make sense for a mail relay. */
export const syslogFacilities = {
  mail: 2,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;
export type SyslogFacility = keyof typeof syslogFacilities;

export const logFormats = ["auto", "text", "journal", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LoggingSettings {
  /** Undefined: standard error. */
  readonly syslog: SyslogPlace | undefined;
  readonly syslogFacility: SyslogFacility;
  /** Of standard error. */
  readonly format: LogFormat;
  /** A line for each step of a message, as Postfix writes them. */
  readonly messageLines: boolean;
}

export const usualLogging: LoggingSettings = {
  syslog: undefined,
  syslogFacility: "mail",
  format: "auto",
  messageLines: false,
};
