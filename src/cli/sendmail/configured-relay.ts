/**
 * Where sendmail hands mail in: by the environment, else by weir.yaml, else at this machine's port 25. The file's few
 * lines that matter are read as they usually stand; the YAML library, which costs as much as all the rest, only for others.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Endpoint } from "./conversation.ts";

export interface ConfiguredRelay {
  /** Tried in this order. */
  readonly endpoints: readonly Endpoint[];
  /** Where a message may be left for a relay that does not answer. */
  readonly replayDirectory: string | undefined;
  /** Under which local names stand. */
  readonly domain: string | undefined;
}

/** What is named outside the file: `WEIR_SMTP=host:port,…`, `WEIR_REPLAY=directory`, `WEIR_CONFIG`. */
export interface Named {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the file is looked for when none is named. */
  readonly places: readonly string[];
}

/** Never rejects for a file that is not there or may not be read: whoever sends mail need not see it. */
export async function configuredRelay({ env, places }: Named): Promise<ConfiguredRelay> {
  const file = env["WEIR_CONFIG"] || places.find((place) => textOf(place) !== undefined);
  const text = file === undefined ? undefined : textOf(file);
  const wanted = text === undefined ? nothing : (plainly(text) ?? (await thoroughly(text)));
  const { bindings, dataDirectory, replayDirectory, hostname } = wanted;
  const named = env["WEIR_SMTP"];
  const endpoints = (named ? named.split(",") : bindings).flatMap((written) => endpointOf(written) ?? []);
  const replay =
    env["WEIR_REPLAY"] || (replayDirectory && resolve(dirname(file ?? "."), dataDirectory, replayDirectory));
  return {
    endpoints: endpoints.length === 0 ? [{ host: "127.0.0.1", port: 25 }] : endpoints,
    replayDirectory: replay || undefined,
    domain: hostname,
  };
}

interface Wanted {
  readonly bindings: readonly string[];
  readonly dataDirectory: string;
  readonly replayDirectory: string | undefined;
  readonly hostname: string | undefined;
}
const nothing: Wanted = {
  bindings: [],
  dataDirectory: "data",
  replayDirectory: undefined,
  hostname: undefined,
};

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

const scalar = String.raw`(?:"([^"\\]*)"|'([^']*)'|([^\s"'#&*!|>%@${"`"}{[,][^\n\r#]*?))`;
const rest = String.raw`[ \t]*(?:[ \t]#.*)?\r?$`;

function plainLine(text: string, pattern: string): string | undefined {
  const match = new RegExp(`^${pattern}:[ \\t]+${scalar}${rest}`, "m").exec(text);
  return match?.[1] ?? match?.[2] ?? match?.[3]?.trim();
}

/** Undefined where a setting that matters stands otherwise than on a line of its own. */
function plainly(text: string): Wanted | undefined {
  const lists = [
    ...text.matchAll(/^[ \t]+(?:- )?bindings:[ \t]*\[((?:"[^"\n]*"|'[^'\n]*'|[^\]\n#"'])*)\]/gm),
  ];
  const replayDirectory = plainLine(text, String.raw`[ \t]+replayDirectoryPath`);
  const mentioned = (name: string): number =>
    text.match(new RegExp(`^[^#\\n]*\\b${name}\\b`, "gm"))?.length ?? 0;
  if (lists.length !== mentioned("bindings")) return undefined;
  // What they say, they say of one connector.
  if (/^[^#\n]*\b(?:capture["']?:[ \t]*true|enabled["']?:[ \t]*false)\b/im.test(text)) return undefined;
  const dataDirectory = plainLine(text, "dataDirectory");
  if (mentioned("replayDirectoryPath") !== (replayDirectory === undefined ? 0 : 1)) return undefined;
  if (replayDirectory !== undefined && mentioned("dataDirectory") !== (dataDirectory === undefined ? 0 : 1))
    return undefined;
  const bindings = lists.flatMap(([, list = ""]) =>
    list.split(",").map((entry) => entry.trim().replace(/^(["'])(.*)\1$/, "$2")),
  );
  return {
    bindings,
    dataDirectory: dataDirectory ?? "data",
    replayDirectory,
    hostname: plainLine(text, "hostname"),
  };
}

async function thoroughly(text: string): Promise<Wanted> {
  const { readYaml } = await import("../../config/yaml-source.ts");
  const source = readYaml(text);
  if (!source.ok) return nothing;
  const root = section(source.value);
  const connectors = Array.isArray(root["receiveConnectors"]) ? (root["receiveConnectors"] as unknown[]) : [];
  const bindings = connectors.flatMap((connector) => {
    const { bindings: given, enabled, capture } = section(connector);
    // Nobody listens there, and what a developer's port takes goes nowhere.
    if (enabled === false || capture === true) return [];
    return Array.isArray(given) ? given.filter((entry) => typeof entry === "string") : [];
  });
  const word = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const replayDirectory = word(section(root["transport"])["replayDirectoryPath"]);
  const dataDirectory = word(root["dataDirectory"]) ?? "data";
  return { bindings, dataDirectory, replayDirectory, hostname: word(root["hostname"]) };
}

function section(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** TLS from the first octet is not spoken here: port 465 is passed over. */
function endpointOf(written: string): Endpoint | undefined {
  const [, host = "", digits = ""] = /^(.*):(\d{1,5})$/.exec(written.trim()) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535 || port === 465) return undefined;
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare === "0.0.0.0" || bare === "") return { host: "127.0.0.1", port };
  return { host: bare === "::" ? "::1" : bare, port };
}
