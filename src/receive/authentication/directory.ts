/**
 * Log-on by LDAP or Active Directory. Good log-ons are remembered as a keyed hash in memory: for minutes while the
 * directory is there, and for keepLogons while it is not. A directory that is down is tried by one log-on now and then:
 * who is remembered does not wait for a server that may take its whole time to say nothing.
 */
import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { userKey } from "../../core/authentication/user-key.ts";
import type { DirectoryGroup, DirectorySettings } from "../../core/authentication/directory-settings.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { askServer, ServerDown, type Found } from "./directory-server.ts";
import { createHashTurns } from "./hash-turns.ts";
import type { LogonDenied, LogonOutcome } from "./logon.ts";

export interface Directory {
  /** Rejects when no server answers, and nothing is remembered. */
  authenticate(user: string, password: string, source: string): Promise<LogonOutcome>;
}

const rememberMs = 5 * 60_000;
const mostAtOnce = 4;
/** How long a directory that is down is left alone. */
const restMs = 10_000;

interface Remembered extends Found {
  readonly at: number;
}

export function createDirectory(
  settings: DirectorySettings,
  { clock, events }: { readonly clock: Clock; readonly events: Events },
): Directory {
  const secret = randomBytes(32);
  const good = new LRUCache<string, Remembered>({ max: 10_000 });
  /** By what users are called here: the password each logged on with last. An older one may have been changed. */
  const lastOf = new LRUCache<string, string>({ max: 10_000 });
  const turns = createHashTurns(mostAtOnce);
  const hashOf = (user: string, password: string): string =>
    createHmac("sha256", secret)
      .update(`${userKey(user)}\0${password}`)
      .digest("base64");
  /** The server that answered last is asked first. */
  let first = 0;
  let isDown = false;
  /** While it is down: when it is tried again, and whether somebody is just trying. */
  let triedAgainAt = -Infinity;
  let isTried = false;

  const isLeftAlone = (): boolean => isTried || clock.now() < triedAgainAt;
  const noAnswer = (): Error => new Error("no directory server answers");

  const ask = async (user: string, password: string): Promise<Found | LogonDenied> => {
    const { urls } = settings;
    const faults: string[] = [];
    let allDown = true;
    for (let i = 0; i < urls.length; i++) {
      const index = (first + i) % urls.length;
      const url = urls[index] ?? "";
      try {
        const outcome = await askServer(settings, url, user, password);
        first = index;
        if (isDown) events.emit("DirectoryReached", { server: url });
        isDown = false;
        triedAgainAt = -Infinity;
        return outcome;
      } catch (fault) {
        allDown &&= fault instanceof ServerDown;
        faults.push(`${url}: ${fault instanceof Error ? fault.message : String(fault)}`);
      }
    }
    if (!isDown) events.emit("DirectoryUnreachable", { error: faults.join("; ") });
    isDown = true;
    // What fails with one user's name only is no reason to leave others waiting.
    if (allDown) triedAgainAt = clock.now() + restMs;
    throw noAnswer();
  };

  const askInTurn = async (user: string, password: string): Promise<Found | LogonDenied> => {
    if (isLeftAlone()) throw noAnswer();
    const tries = triedAgainAt > -Infinity;
    if (tries) isTried = true;
    try {
      return await ask(user, password);
    } finally {
      if (tries) isTried = false;
    }
  };

  return {
    async authenticate(user, password, source) {
      // RFC 4513 §5.1.2: a bind without a password succeeds, and proves nothing.
      if (password === "") return { denied: "the password is empty" };
      // What reads it as C does, behind the server or in it, would find it empty.
      if (password.includes("\0")) return { denied: "the password holds a NUL" };
      const key = hashOf(user, password);
      const known = good.get(key);
      const ageMs = known === undefined ? Infinity : clock.now() - known.at;
      if (known !== undefined && ageMs < rememberMs) return outcomeOf(known);
      const mayGoOn =
        known !== undefined &&
        ageMs < settings.keepLogonsMs &&
        lastOf.get(userKey(known.user)) === hashOf(known.user, password);
      let outcome: Found | LogonDenied;
      try {
        if (isLeftAlone()) throw noAnswer();
        outcome = await turns.run(source, () => askInTurn(user, password));
      } catch (fault) {
        if (mayGoOn) return outcomeOf(known);
        throw fault;
      }
      if ("denied" in outcome) {
        good.delete(key);
        return outcome;
      }
      good.set(key, { ...outcome, at: clock.now() });
      lastOf.set(userKey(outcome.user), hashOf(outcome.user, password));
      turns.proved(source);
      return outcomeOf(outcome);
    },
  };
}

function outcomeOf({ user, group }: { user: string; group: DirectoryGroup | undefined }): LogonOutcome {
  return {
    user,
    group: group === undefined ? undefined : { kind: "group", name: group.name, rights: group },
  };
}
