/** smtp_sasl_password_maps: the account at a next hop. */
import { type PostfixFiles, tableEntries, wordsOf } from "./tables.ts";

export type SaslAccount =
  /** No entry: Postfix would not log on there. */
  | { readonly kind: "none" }
  /** The table cannot be read, or lies elsewhere. */
  | { readonly kind: "unread"; readonly userName: undefined }
  | { readonly kind: "found"; readonly userName: string; readonly password: string };

/** By the next hop as it is written, else without its port, else without brackets. */
export function saslAccount(maps: string | undefined, nextHop: string, files: PostfixFiles): SaslAccount {
  const host = nextHop.replace(/:\w+$/, "");
  const keys = [nextHop, host, host.replace(/^\[(.*)\]$/, "$1")].map((key) => key.toLowerCase());
  let isUnread = false;
  for (const word of wordsOf(maps)) {
    const literal = /^static:(.*)$/.exec(word)?.[1];
    if (literal !== undefined) return accountOf(literal);
    const entries = tableEntries(word, files);
    isUnread ||= entries === undefined;
    for (const key of keys) {
      const entry = entries?.find((each) => each.key.toLowerCase() === key);
      if (entry !== undefined) return accountOf(entry.value);
    }
  }
  return isUnread ? { kind: "unread", userName: undefined } : { kind: "none" };
}

function accountOf(text: string): SaslAccount {
  const cut = text.indexOf(":");
  return cut === -1
    ? { kind: "found", userName: text, password: "" }
    : { kind: "found", userName: text.slice(0, cut), password: text.slice(cut + 1) };
}
