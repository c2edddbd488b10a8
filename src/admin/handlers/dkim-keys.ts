/** Keys that sign what goes out: made here, published by people, looked for in DNS. */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { plainDkimKey } from "../../config/plain-settings.ts";
import { dkimKeyKinds } from "../../config/setting-kinds.ts";
import { compareRecord, type RecordState } from "../../core/dkim/compare-record.ts";
import { zoneFileLine } from "../../core/dkim/key-record.ts";
import type { DkimKey } from "../../dkim/dkim-settings.ts";
import { newSigningKey, readSigningKey } from "../../dkim/signing-key.ts";
import { queryName } from "../../dns/domain-name.ts";
import { isUnknown, type Resolver } from "../../ports/lookup.ts";
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
    listDkimKeys: () => ({
      keys: keys.all().map((key) => ({
        ...keys.described(key),
        kinds: dkimKeyKinds,
        ...published(key),
        status: {},
      })),
    }),
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

/** By month and kind, so that the next one has another name: `w202611r`. */
function usualSelector(now: Date, kind: "rsa" | "ed25519"): string {
  const month = String(now.getUTCMonth() + 1).padStart(2, "0");
  return `w${now.getUTCFullYear()}${month}${kind === "rsa" ? "r" : "e"}`;
}

/** Asks anew: what was kept is from before somebody changed it. */
async function tested({ name, state, key }: DkimKey, resolver: Resolver): Promise<Tested> {
  resolver.forget(name);
  const lookup = await resolver.lookUp(name, "TXT");
  if (isUnknown(lookup)) {
    const details = `DNS could not be asked for ${name}: ${lookup.detail}.`;
    return { name, state, dns: "unknown", ok: false, details };
  }
  const dns = compareRecord(key.record, lookup.kind === "found" ? lookup.records : []);
  const ok = dns === "fits" || (state === "retired" && dns !== "differs");
  return { name, state, dns, ok, details: sentences[dns](name, state) };
}

const sentences: Readonly<Record<RecordState, (name: string, state: DkimKey["state"]) => string>> = {
  fits: (name, state) =>
    state === "published"
      ? `DNS has it: weir Set-DkimKey ${name} -State active signs with it.`
      : "DNS has it.",
  differs: (name) =>
    `DNS has another key at ${name}: what this one signs is not believed. weir Get-DkimKey ${name} shows the record.`,
  revoked: (name, state) =>
    state === "retired"
      ? "DNS has revoked it."
      : `DNS says that ${name} is revoked (p= is empty): what it signs is not believed.`,
  missing: (name, state) =>
    state === "retired"
      ? "DNS does not have it any more."
      : `DNS has no key at ${name}. weir Get-DkimKey ${name} shows the record to publish; others may take an hour to see it.`,
};
