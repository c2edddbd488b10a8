/** Who may do what, out of smtpd_*_restrictions. Source: SMTPD_ACCESS_README. */
import type { MainCf } from "./main-cf.ts";
import { wordsOf } from "./tables.ts";

export interface Access {
  /** Clients in mynetworks may send to anybody. */
  readonly networksRelay: boolean;
  /** Clients that logged on may send to anybody. */
  readonly usersRelay: boolean;
  /** Others may send to this server's own domains. */
  readonly othersSubmit: boolean;
  /** Restrictions that there are none of here: `reject_rbl_client zen.spamhaus.org`. */
  readonly unknown: readonly string[];
}

/** Every list of them that decides about a client or a recipient. */
export const restrictionLists = [
  "smtpd_client_restrictions",
  "smtpd_helo_restrictions",
  "smtpd_sender_restrictions",
  "smtpd_relay_restrictions",
  "smtpd_recipient_restrictions",
  "smtpd_data_restrictions",
  "smtpd_end_of_data_restrictions",
  "smtpd_etrn_restrictions",
] as const;

const relayByDefault = "permit_mynetworks permit_sasl_authenticated defer_unauth_destination";

const understood = new Set([
  "permit_mynetworks",
  "permit_sasl_authenticated",
  "permit_auth_destination",
  "reject_unauth_destination",
  "defer_unauth_destination",
  "reject_unauth_pipelining",
  "reject",
  "defer",
  "permit",
]);

export function accessOf(main: MainCf): Access {
  const words = (list: (typeof restrictionLists)[number]): readonly string[] => wordsOf(main.value(list));
  const relay = relayRestrictions(main);
  const closed = [relay, words("smtpd_client_restrictions"), words("smtpd_recipient_restrictions")].some(
    (list) => list.some((word) => word === "reject" || word === "defer"),
  );
  const usersLogOn = main.value("smtpd_sasl_auth_enable")?.toLowerCase() === "yes";
  return {
    networksRelay: relay.includes("permit_mynetworks"),
    usersRelay: usersLogOn && relay.includes("permit_sasl_authenticated"),
    othersSubmit: !closed,
    unknown: restrictionLists.flatMap((list) =>
      unknownIn(words(list)).filter((each) => !isRelayTable(each, relay)),
    ),
  };
}

/**
 * The list that decides who may relay: smtpd_relay_restrictions; smtpd_recipient_restrictions where that one is empty, or
 * where it stands for both, as before Postfix 2.10.
 */
export function relayRestrictions(main: MainCf): readonly string[] {
  const given = main.value("smtpd_relay_restrictions");
  const recipient = wordsOf(main.value("smtpd_recipient_restrictions"));
  if (given !== undefined && given !== "") return wordsOf(given);
  const decides =
    given === "" || recipient.some((word) => /^(?:reject|defer)_unauth_destination$/.test(word));
  return decides ? recipient : wordsOf(relayByDefault);
}

/** Clients that such a table says OK of are taken as networks that may relay. */
function isRelayTable(restriction: string, relay: readonly string[]): boolean {
  const [word, table = ""] = restriction.split(" ");
  return word === "check_client_access" && relay.includes(table);
}

/** With what stands behind each: a domain or a table. */
function unknownIn(words: readonly string[]): readonly string[] {
  const unknown: string[] = [];
  for (const [index, word] of words.entries()) {
    if (!/^(?:check|permit|reject|defer|warn)_/.test(word) || understood.has(word)) continue;
    const argument = words[index + 1];
    const hasArgument = argument !== undefined && /[.:/]/.test(argument);
    unknown.push(hasArgument ? `${word} ${argument}` : word);
  }
  return unknown;
}
