import { expect, test } from "vitest";
import { tokenClaims } from "./token-claims.ts";

const jwt = (payload: string): string => `e30.${Buffer.from(payload).toString("base64url")}.c2lnbmF0dXJl`;

test.each([
  [
    "Entra's",
    jwt(
      '{"aud":"https://outlook.office365.com","roles":["SMTP.SendAsApp","x"],"appid":"1","tid":"2","exp":1796000000,"secret":"no"}',
    ),
    {
      aud: "https://outlook.office365.com",
      roles: "SMTP.SendAsApp x",
      appid: "1",
      tid: "2",
      exp: "2026-11-30T00:53:20.000Z",
    },
  ],
  [
    "each that is shown, and no other",
    jwt('{"aud":"a","iss":"i","roles":"r","scp":"s","appid":"p","azp":"z","tid":"t","sub":"u","jti":"j"}'),
    { aud: "a", iss: "i", roles: "r", scp: "s", appid: "p", azp: "z", tid: "t" },
  ],
  ["an opaque one", "ya29.c.b0AXv0zTNn", {}],
  ["an opaque one of three parts", "a.b.c", {}],
  ["what is no object", jwt("[1]"), {}],
  ["values of other kinds", jwt('{"aud":1,"roles":{},"exp":"soon","tid":null}'), {}],
  ["an end beyond all time", jwt('{"exp":1e300}'), {}],
])("%s", (_, token, claims) => {
  expect(tokenClaims(token)).toEqual(claims);
});
