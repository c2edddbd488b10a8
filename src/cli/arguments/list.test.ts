import { expect, test } from "vitest";
import { splitCertificateNames } from "./list.ts";

test.each([
  ["CN=printer-7,O=Contoso", ["CN=printer-7,O=Contoso"]],
  ["'CN=printer-7,O=Contoso','CN=b'", ["CN=printer-7,O=Contoso", "CN=b"]],
  ["sha256:ab,sha256:cd", ["sha256:ab", "sha256:cd"]],
  ["sha256:ab, CN=a, O=b,sha-256:cd", ["sha256:ab", "CN=a, O=b", "sha-256:cd"]],
  [String.raw`CN=a,O=Contoso\, Ltd.`, [String.raw`CN=a,O=Contoso\, Ltd.`]],
  ["", []],
])("%s", (text, expected) => {
  expect(splitCertificateNames(text)).toEqual(expected);
});
