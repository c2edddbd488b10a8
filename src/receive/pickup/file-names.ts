/**
 * What files of Pickup and Replay directories are called on their way (Exchange: .eml, .tmp, .bad). `x.eml` is
 * `x.<id>.weir.tmp` while the message of that id is being kept: after a crash the spool tells whether it was. Programs call
 * their own drafts `x.4711.tmp`, by process or time, so the name says whose it is.
 *
 * Names are octets, one to a character: a name need not be UTF-8.
 */

/** What most file systems take. */
const longestNameBytes = 255;

/** Behind the id of a file that is being taken. */
const claimedEnd = ".weir.tmp";

/** A message to be taken. What begins with a dot is a temporary file of whoever copies. */
export function isMessageFile(name: string): boolean {
  return /^[^.].*\.eml$/is.test(name);
}

export function claimedName(name: string, id: number): string {
  return withSuffix(name, `.${id}${claimedEnd}`);
}

export interface ClaimedFile {
  readonly name: string;
  readonly id: number;
  /** What it was called. */
  readonly original: string;
}

/** Undefined for other names. */
export function claimedFile(name: string): ClaimedFile | undefined {
  const [, before = "", digits = ""] = /^(.+)\.(\d{1,16})\.weir\.tmp$/s.exec(name) ?? [];
  return before === "" ? undefined : { name, id: Number(digits), original: `${before}.eml` };
}

/** `n`-th try: the plain name may be taken. */
export function badName(name: string, at: Date, n: number): string {
  const time = at.toISOString().replaceAll(/[-:T]|\..*/g, "");
  return withSuffix(name, n === 0 ? ".bad" : `.${time}${n === 1 ? "" : `-${n}`}.bad`);
}

export function shownName(name: string): string {
  return Buffer.from(name, "latin1")
    .toString("utf8")
    .replaceAll(/\p{Cc}/gu, "?");
}

/** In place of `.eml`; a name that would become too long loses its end. */
function withSuffix(name: string, suffix: string): string {
  return name.replace(/\.eml$/i, "").slice(0, longestNameBytes - suffix.length) + suffix;
}

/** Where the own name of a claimed file was given to another one meanwhile. */
export function otherName(claimed: string): string {
  return `${claimed.slice(0, -claimedEnd.length)}.eml`;
}
