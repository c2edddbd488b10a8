import { expect, it } from "vitest";
import { refuseRecipientDomain } from "./recipient-domain.ts";

const all = {
  rejectReservedTopLevelRecipientDomains: true,
  rejectReservedSecondLevelRecipientDomains: true,
  rejectSingleLabelRecipientDomains: true,
};
const none = {
  rejectReservedTopLevelRecipientDomains: false,
  rejectReservedSecondLevelRecipientDomains: false,
  rejectSingleLabelRecipientDomains: false,
};

it.each([
  ["contoso.com", undefined],
  ["a.test", "reservedTopLevelDomain"],
  ["localhost", "reservedTopLevelDomain"],
  ["latest", "singleLabelDomain"],
  ["contest.com", undefined],
  ["example.com", "reservedSecondLevelDomain"],
  ["mail.example.org", "reservedSecondLevelDomain"],
  ["myexample.com", undefined],
  ["contoso", "singleLabelDomain"],
  ["[127.0.0.1]", undefined],
])("%s: %s", (domain, refusal) => {
  expect(refuseRecipientDomain(all, domain)).toBe(refusal);
  expect(refuseRecipientDomain(none, domain)).toBeUndefined();
});
