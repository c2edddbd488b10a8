import { expect, test } from "vitest";
import { compareRecord } from "./compare-record.ts";

const own = "v=DKIM1; k=rsa; p=QUJD";

test.each([
  [["v=DKIM1; k=rsa; p=QUJD"], "fits"],
  [["k=rsa;p=QU JD", "v=spf1 -all"], "fits"],
  [["v=DKIM1; p=QUJD"], "fits"],
  [["v=DKIM1; k=ed25519; p=QUJD"], "differs"],
  [["v=DKIM1; k=rsa; p=QUJE"], "differs"],
  [["v=DKIM1; k=rsa; p=QUJD", "v=DKIM1; k=rsa; p=QUJE"], "differs"],
  [["v=DKIM1; p="], "revoked"],
  [["v=spf1 -all"], "missing"],
  [[], "missing"],
])("%j: %s", (records, state) => {
  expect(compareRecord(own, records)).toBe(state);
});
