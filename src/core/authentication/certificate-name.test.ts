import { expect, test } from "vitest";
import { isNamed, parseCertificateName } from "./certificate-name.ts";

const sha256 = "ab".repeat(32);
const certificate = { sha256, subject: "C=DE\nO=Contoso, Ltd.\nCN=printer-7" };

test.each<[string, boolean | undefined]>([
  [`sha256:${sha256}`, true],
  [`SHA256:${"AB:".repeat(31)}AB`, true],
  [`sha256 Fingerprint=${"AB:".repeat(31)}AB`, undefined],
  [`sha256:${"cd".repeat(32)}`, false],
  ["sha256:abc", undefined],
  [String.raw`CN=printer-7,O=Contoso\, Ltd.,C=DE`, true],
  [String.raw`c=DE, o=Contoso\, Ltd., cn=printer-7`, true],
  ["CN=printer-7", false],
  [String.raw`CN=printer-77,O=Contoso\, Ltd.,C=DE`, false],
  [String.raw`CN=Printer-7,O=Contoso\, Ltd.,C=DE`, false],
  ["printer-7", undefined],
  ["", undefined],
])("%j", (text, expected) => {
  const name = parseCertificateName(text);
  expect(name.ok ? isNamed(name.value, certificate) : undefined).toBe(expected);
});
