import { expect, test } from "vitest";
import { comparableDn, deniedBecause } from "./directory-settings.ts";

test.each([
  [
    "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v4563 Code: 0x31",
    "the password is wrong (data 52e)",
  ],
  [
    "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 533, v1db1",
    "the account is disabled (data 533)",
  ],
  [
    "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1",
    "the account is locked (data 775)",
  ],
  ["Invalid Credentials Code: 0x31", "the directory did not take the password"],
  ["data fff", "the directory did not take the password"],
])("%s", (text, expected) => {
  expect(deniedBecause(text)).toBe(expected);
});

test("DNs are compared without blanks and case", () => {
  expect(comparableDn("CN=All Senders , OU= Groups,DC=contoso,DC=com")).toBe(
    "cn=all senders,ou=groups,dc=contoso,dc=com",
  );
});
