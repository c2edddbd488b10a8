import { describe, expect, it } from "vitest";
import type { AuthMechanism, PermissionGroup } from "./receive-connector.ts";
import { mayRelayTo, rightsOf, type Rights } from "./relay-permission.ts";

type Row = [
  groups: PermissionGroup[],
  auth: AuthMechanism[],
  relay: boolean,
  authenticated: boolean,
  rights: string,
];

const letters = (rights: Rights): string =>
  (rights.submit ? "s" : "") +
  (rights.acceptAnyRecipient ? "r" : "") +
  (rights.acceptAnySender ? "f" : "") +
  (rights.bypassMessageSizeLimit ? "z" : "");

describe("rightsOf", () => {
  // s submit, r any recipient, f any sender, z no size limit
  it.each<Row>([
    [[], ["Tls"], false, false, ""],
    [["None"], ["Tls"], true, false, ""],
    [["AnonymousUsers"], ["Tls"], false, false, "sf"],
    [["AnonymousUsers"], ["None"], true, false, "srf"],
    [["AnonymousUsers"], ["BasicAuth"], true, true, ""],
    [["ExchangeUsers"], ["BasicAuth"], false, false, ""],
    [["ExchangeUsers"], ["BasicAuth"], true, false, ""],
    [["ExchangeUsers"], ["BasicAuth"], false, true, "sr"],
    [["AnonymousUsers", "ExchangeUsers"], ["BasicAuth"], false, false, "sf"],
    [["AnonymousUsers", "ExchangeUsers"], ["BasicAuth"], true, true, "sr"],
    [["ExchangeServers"], ["Tls", "ExternalAuthoritative"], false, false, "srfz"],
    [["ExchangeServers"], ["Tls"], false, false, ""],
    [["ExchangeServers"], ["BasicAuth"], false, true, ""],
    [["AnonymousUsers"], ["ExternalAuthoritative"], false, false, "sf"],
    [["AnonymousUsers", "ExchangeServers"], ["ExternalAuthoritative"], false, false, "srfz"],
    [["ExchangeLegacyServers", "Partners"], ["Tls"], true, false, ""],
  ])(
    "groups %j, mechanisms %j, anonymousRelay %s, authenticated %s: %j",
    (permissionGroups, authMechanism, anonymousRelay, authenticated, rights) => {
      expect(letters(rightsOf({ permissionGroups, authMechanism, anonymousRelay }, { authenticated }))).toBe(
        rights,
      );
    },
  );
});

describe("mayRelayTo", () => {
  const accepted = [
    { domain: "contoso.com", subdomains: false },
    { domain: "fabrikam.com", subdomains: true },
  ];
  it.each([
    ["contoso.com", true],
    ["sub.contoso.com", false],
    ["fabrikam.com", true],
    ["a.b.fabrikam.com", true],
    ["evilfabrikam.com", false],
    ["fabrikam.com.evil", false],
    ["[127.0.0.1]", false],
    ["elsewhere.example", false],
    ["", true],
  ])("%j without the relay right: %s", (domain, allowed) => {
    expect(mayRelayTo({ acceptAnyRecipient: false }, domain, accepted)).toBe(allowed);
    expect(mayRelayTo({ acceptAnyRecipient: true }, domain, [])).toBe(true);
  });
});
