import { expect, test } from "vitest";
import { canonicalField } from "./canonical-field.ts";
import { fieldTemplate, unsignedField, withSignature, type SignatureTags } from "./signature-field.ts";

const tags: SignatureTags = {
  algorithm: "rsa-sha256",
  headerForm: "relaxed",
  bodyForm: "simple",
  domain: "contoso.com",
  selector: "w202611r",
  signedAt: 1_764_300_000,
  expiresAt: 1_765_300_000,
  names: ["to", "from", "from", "subject"],
  bodyHash: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
};

test("its tags, and the signature behind them", () => {
  const field = withSignature(unsignedField(tags), "QUJD");
  expect(field).toBe(
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=contoso.com;\r\n" +
      "\ts=w202611r; t=1764300000; x=1765300000; h=to:from:from:subject;\r\n" +
      "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb=QUJD\r\n",
  );
});

test("of a clock that nobody believes it says nothing", () => {
  const field = unsignedField({ ...tags, signedAt: Number.NaN, expiresAt: Number.NaN });
  expect(field).toContain("s=w202611r; h=to:from:from:subject;");
  expect(field).not.toMatch(/[tx]=|NaN/u);
});

test("no line is long, whatever goes in, and nothing but folds comes in between", () => {
  const names = Array.from({ length: 60 }, (_, index) =>
    `content-transfer-encoding${index}`.replace(/\d+/u, ""),
  );
  const signature = "A".repeat(684);
  const field = withSignature(
    unsignedField({ ...tags, names, expiresAt: undefined, domain: `${"a".repeat(60)}.contoso.com` }),
    signature,
  );
  for (const line of field.split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
  const unfolded = field.replaceAll("\r\n\t", "").replaceAll(/\s/gu, "");
  expect(unfolded).toContain(`h=${names.join(":")};`);
  expect(unfolded).toContain(`b=${signature}`);
  expect(unfolded).not.toContain("x=");
});

test.each(["relaxed", "simple"] as const)(
  "%s: a template makes the same field of any body's hash",
  (headerForm) => {
    const all = { ...tags, headerForm };
    const { field, canonical } = fieldTemplate(all);
    const whole = unsignedField(all);
    expect(field.join(tags.bodyHash)).toBe(whole);
    const own = { name: "DKIM-Signature", kind: "dkim-signature", text: whole };
    expect(canonical.join(tags.bodyHash)).toBe(canonicalField(own, headerForm));
  },
);
