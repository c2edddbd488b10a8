/** Keys that sign what goes out: made here, published by people, looked for in DNS. */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { plainDkimKey } from "../../config/plain-settings.ts";
import { dkimKeyKinds } from "../../config/setting-kinds.ts";
import type { LookedUpKey } from "../../core/dkim/judge-record.ts";
import { zoneFileLine } from "../../core/dkim/key-record.ts";
import type { DkimKey } from "../../dkim/dkim-settings.ts";
import { lookUpKey } from "../../dkim/key-watch.ts";
import { newSigningKey, readSigningKey } from "../../dkim/signing-key.ts";
import { queryName } from "../../dns/domain-name.ts";
import type { Resolver } from "../../ports/lookup.ts";
import { replaceFile } from "../../ports/replace-file.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { changeConfiguration, configurationOf } from "./change.ts";
import { namedChanges } from "./named-changes.ts";

type Names = "listDkimKeys" | "newDkimKey" | "setDkimKey" | "removeDkimKey" | "testDkimKey";
type Tested = Output<"testDkimKey">["results"][number];

export function dkimKeyHandlers(administered: Administered, resolver: Resolver): Pick<Handlers, Names> {
  const { clock } = administered;
  const keys = namedChanges(administered, {
    section: "dkimKeys",
    noun: "DKIM key",
    all: (settings) => settings.dkim.keys,
    plain: plainDkimKey,
  });

  return {
    listDkimKeys: () => {
      const found = administered.relay.dkimKeys();
      return {
        keys: keys.all().map((key) => ({
          ...keys.described(key),
          kinds: dkimKeyKinds,
          ...published(key),
          status: statusOf(found.find(({ name }) => name === key.name)),
        })),
      };
    },
    newDkimKey: async ({ domain: given, selector: wanted, kind }) => {
      const domain = queryName(given);
      if (domain === undefined)
        throw new AdminRefusal("invalidInput", `${JSON.stringify(given)} is no domain`);
      const selector = (wanted ?? usualSelector(clock.wall(), kind)).toLowerCase();
      const name = `${selector}._domainkey.${domain}`;
      if (keys.all().some((key) => key.name === name))
        throw new AdminRefusal(
          "alreadyExists",
          `there is a DKIM key ${name} already; give another -Selector`,
        );
      const folder = dirname(configurationOf(administered).file);
      const keyFile = join(folder, "dkim", `${selector}.${domain}.pem`);
      const pem = await newSigningKey(kind);
      await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
      await replaceFile(keyFile, pem, { mode: 0o600 });
      try {
        const change = await changeConfiguration(
          administered,
          {
            kind: "add",
            section: "dkimKeys",
            name,
            settings: { keyFile: relative(folder, keyFile), state: "published" },
          },
          false,
        );
        const { algorithm, record } = readSigningKey(pem);
        return {
          name,
          keyFile,
          algorithm,
          record,
          zoneFileLine: zoneFileLine(selector, domain, record),
          change,
        };
      } catch (refusal) {
        await rm(keyFile, { force: true });
        throw refusal;
      }
    },
    setDkimKey: async ({ name, state, whatIf }) => {
      const key = keys.find(name);
      const change = await keys.set(name, { state }, whatIf);
      if (state !== "active" || key.state === "active") return change;
      const { ok, details } = await tested(key, resolver);
      return ok ? change : { ...change, notices: [...change.notices, details] };
    },
    removeDkimKey: ({ name, whatIf }) => {
      const { keyFile } = keys.find(name);
      return keys.remove({ name, whatIf }, () => [
        `The file ${keyFile} stays, and DNS should keep the record until no mail that it signed is on its way.`,
      ]);
    },
    testDkimKey: async ({ name }) => {
      const wanted = name === undefined ? keys.all() : [keys.find(name)];
      return { results: await Promise.all(wanted.map((key) => tested(key, resolver))) };
    },
  };
}

const published = ({ selector, domain, key: { algorithm, record } }: DkimKey) => ({
  algorithm,
  record,
  zoneFileLine: zoneFileLine(selector, domain, record),
});

function statusOf(found: LookedUpKey | undefined): Output<"listDkimKeys">["keys"][number]["status"] {
  if (found === undefined) return {};
  const { dns, ok, details, at } = found;
  return { dns, ok, details, lookedUpAt: at.toISOString() };
}

/** By month and kind, so that the next one has another name: `w202611r`. */
function usualSelector(now: Date, kind: "rsa" | "ed25519"): string {
  const month = String(now.getUTCMonth() + 1).padStart(2, "0");
  return `w${now.getUTCFullYear()}${month}${kind === "rsa" ? "r" : "e"}`;
}

async function tested(key: DkimKey, resolver: Resolver): Promise<Tested> {
  return { name: key.name, state: key.state, ...(await lookUpKey(key, resolver)) };
}
