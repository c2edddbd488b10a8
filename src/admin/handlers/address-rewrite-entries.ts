import { plainAddressRewriteEntry } from "../../config/plain-settings.ts";
import { addressRewriteEntryKinds } from "../../config/setting-kinds.ts";
import type { Administered, Handlers } from "../administered.ts";
import { namedChanges } from "./named-changes.ts";

type Names =
  | "listAddressRewriteEntries"
  | "newAddressRewriteEntry"
  | "setAddressRewriteEntry"
  | "removeAddressRewriteEntry";

export function addressRewriteEntryHandlers(administered: Administered): Pick<Handlers, Names> {
  const entries = namedChanges(administered, {
    section: "addressRewriteEntries",
    noun: "address rewrite entry",
    all: (settings) => settings.addressRewriteEntries,
    plain: plainAddressRewriteEntry,
  });
  return {
    listAddressRewriteEntries: () => ({
      entries: entries.all().map((entry) => ({
        ...entries.described(entry),
        kinds: addressRewriteEntryKinds,
      })),
    }),
    newAddressRewriteEntry: ({ name, settings, whatIf }) => entries.add(name, settings, whatIf),
    setAddressRewriteEntry: ({ name, settings, whatIf }) => entries.set(name, settings, whatIf),
    removeAddressRewriteEntry: (identity) => entries.remove(identity),
  };
}
