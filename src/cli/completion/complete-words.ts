/** What the last of some words may become. */
import { findName } from "../arguments/find-name.ts";
import type { Candidates, Cmdlet, Parameter } from "../cmdlet.ts";

/** Names of things that are looked up, such as connectors. Never rejects. */
export type LookUp = (candidates: Candidates, words: readonly string[]) => Promise<readonly string[]>;

/** `words` are those behind `weir`, the one under the cursor last (empty where a new one begins). */
export async function completeWords(
  words: readonly string[],
  cmdlets: readonly Cmdlet[],
  lookUp: LookUp,
): Promise<readonly string[]> {
  const [command = "", ...rest] = words;
  const visible = cmdlets.filter(({ hidden }) => hidden !== true);
  if (words.length <= 1) {
    if (command.startsWith("-")) return beginning(command, ["--help", "--version"]);
    return beginning(
      command,
      visible.map(({ name }) => name),
    );
  }
  const found = findName(command, cmdlets, { exactly: true });
  if (found.kind !== "found") return [];
  const { parameters } = found.item;
  const typed = rest.at(-1) ?? "";
  const before = rest.slice(0, -1);
  const { open, given, places } = bindLoosely(before, parameters);
  if (open !== undefined) return valuesOf(open, typed, words, lookUp);
  if (typed.startsWith("-")) return parameterNames(typed, parameters, given);
  const place = parameters
    .filter(({ position, name }) => typeof position === "number" && !given.has(name))
    .sort((a, b) => Number(a.position) - Number(b.position))[places];
  if (place !== undefined) {
    const values = await valuesOf(place, typed, words, lookUp);
    if (values.length > 0 || typed !== "") return values;
  }
  return typed === "" ? parameterNames("-", parameters, given) : [];
}

interface Loosely {
  /** It waits for its value. */
  readonly open: Parameter | undefined;
  readonly given: ReadonlySet<string>;
  /** Words without a name. */
  readonly places: number;
}

function bindLoosely(words: readonly string[], parameters: readonly Parameter[]): Loosely {
  const given = new Set<string>();
  let places = 0;
  let open: Parameter | undefined;
  for (const word of words) {
    const match = /^--?([A-Za-z][A-Za-z0-9-]*)([:=].*)?$/.exec(word);
    if (match === null) {
      if (open === undefined) places++;
      open = undefined;
      continue;
    }
    const found = findName(match[1] ?? "", parameters);
    open = undefined;
    if (found.kind !== "found") continue;
    given.add(found.item.name);
    if (match[2] === undefined && found.item.kind !== "switch") open = found.item;
  }
  return { open, given, places };
}

function parameterNames(
  typed: string,
  parameters: readonly Parameter[],
  given: ReadonlySet<string>,
): readonly string[] {
  const open = parameters.filter(
    ({ hidden, name, position }) => hidden !== true && !given.has(name) && position !== "rest",
  );
  const written = typed.startsWith("--")
    ? open.map(({ name }) => `--${kebabCase(name)}`)
    : open.map(({ name }) => `-${name}`);
  return beginning(typed, written);
}

/** `MaxInboundConnection` → `max-inbound-connection`, `RemoteIPRanges` → `remote-ip-ranges`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

async function valuesOf(
  { kind, choices, candidates, help }: Parameter,
  typed: string,
  words: readonly string[],
  lookUp: LookUp,
): Promise<readonly string[]> {
  // Of a list the last item is completed.
  const cut = kind === "list" || kind === "changeableList" ? typed.lastIndexOf(",") + 1 : 0;
  const [head, item] = [typed.slice(0, cut), typed.slice(cut)];
  const values =
    choices ??
    (kind === "boolean" || kind === "switch"
      ? ["true", "false"]
      : candidates !== undefined
        ? await lookUp(candidates, words)
        : help.includes("unlimited")
          ? ["unlimited"]
          : []);
  return beginning(item, values).map((value) => head + value);
}

function beginning(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(wanted));
}
