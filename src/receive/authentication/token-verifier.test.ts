/** Tokens by what is wrong with them, and how long one that is right is remembered. */
import { generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import type { TokenIssuer } from "../../core/authentication/token-issuer.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createTokenVerifier } from "./token-verifier.ts";

const issuer: TokenIssuer = {
  name: "Id",
  issuer: "https://id.test",
  audiences: ["urn:weir", "urn:other"],
  algorithms: ["ES256"],
  jwksUri: "https://id.test/jwks",
  userClaims: ["upn"],
  acceptUnknownUsers: true,
};
const [first, second] = [0, 1].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }));
let keys: object[];
beforeAll(async () => {
  keys = await Promise.all([first, second].map(async (pair) => exportJWK(pair!.publicKey)));
});

function rig(given: Partial<TokenIssuer> = {}) {
  const clock = createFakeClock();
  let asked = 0;
  const around = {
    clock,
    events: { wants: () => false, emit: () => undefined },
    http: () => {
      asked++;
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(JSON.stringify({ keys })) });
    },
  };
  const verifier = createTokenVerifier([{ ...issuer, ...given }], around);
  const nowSeconds = clock.now() / 1000;
  const signed = (claims: Record<string, unknown> = {}, header: object = {}, pair = second) =>
    new SignJWT({
      iss: issuer.issuer,
      aud: "urn:weir",
      upn: "app",
      exp: nowSeconds + 600,
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", ...header })
      .sign(pair!.privateKey);
  return { clock, verifier, signed, nowSeconds, asked: () => asked };
}

test("a token of one of its keys is its user's", async () => {
  const { verifier, signed } = rig();
  expect(await verifier.verify(await signed())).toMatchObject({ user: "app", issuer: { name: "Id" } });
  expect(await verifier.verify(await signed({}, {}, first))).toMatchObject({ user: "app" });
});

test.each<[string, (it: ReturnType<typeof rig>) => Promise<string>, string]>([
  ["no JWT", () => Promise.resolve("a.b.c"), "the token is no signed JWT"],
  ["of nobody", ({ signed }) => signed({ iss: "https://id.test/" }), "no token issuer has the token's iss"],
  [
    "of a key that is not there",
    ({ signed }) => signed({}, { kid: "x" }),
    "the token is signed with a key that its issuer does not have",
  ],
  [
    "signed by another",
    ({ signed }) => signed({}, {}, generateKeyPairSync("ec", { namedCurve: "P-256" })),
    "the token's signature is wrong",
  ],
  ["for others", ({ signed }) => signed({ aud: "urn:x" }), "the token is for another audience"],
  ["for nobody", ({ signed }) => signed({ aud: undefined }), "the token has no aud"],
  ["without an end", ({ signed }) => signed({ exp: undefined }), "the token has no exp"],
  [
    "that has ended",
    ({ signed, nowSeconds }) => signed({ exp: nowSeconds - 60 }),
    "the token has expired, or the clock of this host is ahead",
  ],
  [
    "that has not begun",
    ({ signed, nowSeconds }) => signed({ nbf: nowSeconds + 61 }),
    "the token's nbf does not fit",
  ],
  ["of no user", ({ signed }) => signed({ upn: "" }), "the token has none of the claims upn"],
])("one %s is denied", async (_, token, why) => {
  const it = rig();
  expect(await it.verifier.verify(await token(it))).toMatchObject({ denied: why });
});

test("clocks may differ by a minute", async () => {
  const { verifier, signed, nowSeconds } = rig();
  const token = await signed({ exp: nowSeconds - 59, nbf: nowSeconds + 60 });
  expect(await verifier.verify(token)).toMatchObject({ user: "app" });
});

test("an algorithm that is not in its list; a challenge says where to get a token", async () => {
  const { verifier, signed, asked } = rig({ algorithms: ["RS256"], scope: "smtp" });
  expect(await verifier.verify(await signed())).toEqual({
    denied: "the token is signed with an algorithm that is not in algorithms",
    scope: "smtp",
    openIdConfiguration: "https://id.test/.well-known/openid-configuration",
  });
  expect(asked()).toBe(0);
  const withScope = rig({ scope: "smtp" });
  expect(await withScope.verifier.verify(await withScope.signed())).toMatchObject({
    denied: "the token does not hold the scope or role smtp",
  });
  expect(await withScope.verifier.verify("x")).toEqual({
    denied: "the token is no signed JWT",
    scope: undefined,
    openIdConfiguration: undefined,
  });
});

test("one that was good is good no longer than it lasts", async () => {
  const { verifier, signed, nowSeconds, clock } = rig();
  const [long, short] = [await signed(), await signed({ exp: nowSeconds + 100 })];
  for (const token of [long, short]) expect("user" in (await verifier.verify(token))).toBe(true);
  await clock.advance(161_000);
  expect(await verifier.verify(short)).toMatchObject({ denied: expect.stringContaining("expired") });
  expect(await verifier.verify(long)).toMatchObject({ user: "app" });
  await clock.advance(500_000);
  expect(await verifier.verify(long)).toMatchObject({ denied: expect.stringContaining("expired") });
});

test("a change of issuers forgets tokens, and keeps keys of one that stays", async () => {
  const { verifier, signed, asked } = rig();
  const token = await signed();
  await verifier.verify(token);
  verifier.replace([{ ...issuer, audiences: ["urn:x"] }]);
  expect(await verifier.verify(token)).toMatchObject({ denied: "the token is for another audience" });
  expect(asked()).toBe(1);
  verifier.replace([{ ...issuer, jwksUri: "https://id.test/other" }]);
  expect(await verifier.verify(token)).toMatchObject({ user: "app" });
  expect(asked()).toBe(2);
  verifier.replace([{ ...issuer, issuer: "https://id.test/2" }]);
  expect(await verifier.verify(token)).toMatchObject({ denied: "no token issuer has the token's iss" });
});
