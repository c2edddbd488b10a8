import { describe, expect, test } from "vitest";
import { readMainCf } from "./main-cf.ts";
import { accessOf, relayRestrictions, restrictionLists } from "./restrictions.ts";

const access = (text: string) => accessOf(readMainCf(text));

describe("who may do what", () => {
  test.each<[string, string, boolean, boolean, boolean]>([
    ["nothing said", "", true, false, true],
    ["with log-on", "smtpd_sasl_auth_enable = yes", true, true, true],
    ["networks only", "smtpd_relay_restrictions = permit_mynetworks, reject", true, false, false],
    ["deferring others", "smtpd_relay_restrictions = permit_mynetworks, defer", true, false, false],
    [
      "users only",
      "smtpd_sasl_auth_enable = Yes\nsmtpd_relay_restrictions = permit_sasl_authenticated reject_unauth_destination",
      false,
      true,
      true,
    ],
    [
      "users only, who cannot log on",
      "smtpd_relay_restrictions = permit_sasl_authenticated reject",
      false,
      false,
      false,
    ],
    ["a closed door", "smtpd_client_restrictions = permit_mynetworks reject", true, false, false],
    [
      "no strangers' recipients",
      "smtpd_recipient_restrictions = permit_mynetworks reject",
      true,
      false,
      false,
    ],
    ["a reject elsewhere", "smtpd_sender_restrictions = reject", true, false, true],
  ])("%s", (_, text, networksRelay, usersRelay, othersSubmit) => {
    expect(access(text)).toEqual({ networksRelay, usersRelay, othersSubmit, unknown: [] });
  });
});

describe("the list that decides about relaying", () => {
  const byDefault = ["permit_mynetworks", "permit_sasl_authenticated", "defer_unauth_destination"];
  test.each<[string, string, readonly string[]]>([
    ["none given", "", byDefault],
    ["its own", "smtpd_relay_restrictions = reject\nsmtpd_recipient_restrictions = permit", ["reject"]],
    ["an empty one", "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit", ["permit"]],
    [
      "as before 2.10",
      "smtpd_recipient_restrictions = permit_mynetworks reject_unauth_destination",
      ["permit_mynetworks", "reject_unauth_destination"],
    ],
    [
      "as before 2.10, deferring",
      "smtpd_recipient_restrictions = defer_unauth_destination",
      ["defer_unauth_destination"],
    ],
    [
      "recipients for other reasons",
      "smtpd_recipient_restrictions = reject_unknown_recipient_domain",
      byDefault,
    ],
  ])("%s", (_, text, words) => {
    expect(relayRestrictions(readMainCf(text))).toEqual(words);
  });
});

describe("what there is none of here", () => {
  test.each(restrictionLists.map((list) => [list]))("is found in %s", (list) => {
    const unknown = "reject_rbl_client zen.test";
    const relays =
      list === "smtpd_relay_restrictions" ? "permit_mynetworks, reject_unauth_destination, " : "";
    expect(access(`${list} = ${relays}${unknown}, warn_if_reject`).unknown).toEqual([
      unknown,
      "warn_if_reject",
    ]);
  });

  test.each([
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_auth_destination",
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject_unauth_pipelining",
    "reject",
    "defer",
    "permit",
    "zen.test",
  ])("%s is not among it", (word) => {
    expect(access(`smtpd_client_restrictions = ${word}`).unknown).toEqual([]);
  });

  test.each([
    ["check_sender_access hash:/a", ["check_sender_access hash:/a"]],
    ["check_policy_service inet:127.0.0.1:1", ["check_policy_service inet:127.0.0.1:1"]],
    ["reject_unknown_client_hostname permit", ["reject_unknown_client_hostname"]],
    ["check_client_access hash:/a", ["check_client_access hash:/a"]],
  ])("%s", (words, unknown) => {
    expect(access(`smtpd_client_restrictions = ${words}`).unknown).toEqual(unknown);
  });

  test("clients of a table that lets them relay are taken as networks", () => {
    const main = "smtpd_relay_restrictions = check_client_access hash:/a, reject_unauth_destination";
    expect(access(main).unknown).toEqual([]);
  });
});
