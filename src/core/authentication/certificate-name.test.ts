import { expect, test } from "vitest";
import { isNamed, parseCertificateName } from "./certificate-name.ts";

const sha256 = "ab".repeat(32);
/** As Node has it. */
const certificate = { sha256, subject: "C=DE\nO=Contoso\\, Ltd.\nCN=printer-7" };

test.each<[string, boolean | undefined]>([
  [`sha256:${sha256}`, true],
  [`SHA256:${"AB:".repeat(31)}AB`, true],
  // As `openssl x509 -noout -fingerprint -sha256` and `-subject` print them.
  [`sha256 Fingerprint=${"AB:".repeat(31)}AB`, true],
  ['subject=C = DE, O = "Contoso, Ltd.", CN = printer-7', true],
  [String.raw`subject=C=DE, O=Contoso\, Ltd., CN=printer-7`, true],
  [String.raw`CN=printer-7,O=Contoso\2C Ltd.,C=DE`, true],
  ["sha256=abc", undefined],
  [`sha256:${"cd".repeat(32)}`, false],
  ["sha256:abc", undefined],
  [String.raw`CN=printer-7,O=Contoso\, Ltd.,C=DE`, true],
  [String.raw`c=DE, o=Contoso\, Ltd., cn=printer-7`, true],
  ["CN=printer-7", false],
  [String.raw`CN=printer-77,O=Contoso\, Ltd.,C=DE`, false],
  [String.raw`CN=Printer-7,O=Contoso\, Ltd.,C=DE`, false],
  ["CN=printer-7,O=Contoso,Ltd.,C=DE", undefined],
  ['CN="printer-7', undefined],
  ["CN=", undefined],
  ["printer-7", undefined],
  ["", undefined],
])("%j", (text, expected) => {
  const name = parseCertificateName(text);
  expect(name.ok ? isNamed(name.value, certificate) : undefined).toBe(expected);
});

test.each<[string, string, boolean]>([
  ["CN = M\\C3\\BCller", "CN=Müller", true],
  ["CN=multi + O=Contoso", "CN=multi + O=Contoso", true],
  ["O=Contoso+CN=multi", "CN=multi + O=Contoso", true],
  ['CN = "a;b<c>#"', "CN=a\\;b\\<c\\>#", true],
  // What one name escapes is no end of an attribute of another.
  ["CN=a,O=b", "CN=a\\,O=b", false],
  ["CN=a,O=b", "CN=a\\0AO=b", false],
  [String.raw`CN=a\\2C`, "CN=a\\,", false],
  ["CN=a", "CN=\\ a", false],
  ["1.2.3=a,CN=b", "1.2.3=a\nCN=b", true],
])("%s and %j", (text, subject, expected) => {
  const name = parseCertificateName(text);
  expect(name.ok && isNamed(name.value, { sha256, subject })).toBe(expected);
});
