import { describe, expect, it, test } from "vitest";
import { bearerError, parseBearerResponse } from "./bearer-response.ts";

const x = "\x01";
test.each<[string, object | undefined]>([
  // The check value of Microsoft's page on OAuth for SMTP.
  [
    `user=test@contoso.onmicrosoft.com${x}auth=Bearer EwBAAl3B${x}${x}`,
    { user: "test@contoso.onmicrosoft.com", token: "EwBAAl3B" },
  ],
  [`auth=Bearer abc${x}user=a${x}${x}`, { user: "a", token: "abc" }],
  [`auth=bearer a.b-c_d~e+f/g==${x}${x}`, { user: undefined, token: "a.b-c_d~e+f/g==" }],
  [`user=${x}auth=Bearer abc${x}${x}`, { user: undefined, token: "abc" }],
  [`user=a${x}user=b${x}auth=Bearer abc${x}${x}`, undefined],
  [`user=a${x}auth=Bearer abc${x}auth=Bearer def${x}${x}`, undefined],
  [`user=a${x}auth=Bearer abc${x}`, undefined],
  [`user=a${x}auth=Bearer ${x}${x}`, undefined],
  [`user=a${x}auth=Basic abc${x}${x}`, undefined],
  [`user=a${x}auth=Bearer a b${x}${x}`, undefined],
  [`user=a${x}${x}`, undefined],
  ["", undefined],
])("XOAUTH2 %j", (text, expected) => {
  expect(parseBearerResponse("XOAUTH2", text)).toEqual(expected);
});

test.each<[string, object | undefined]>([
  // RFC 7628 §4.1.
  [
    `n,a=user@example.com,${x}host=server.example.com${x}port=143${x}auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==${x}${x}`,
    { user: "user@example.com", token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" },
  ],
  [`n,,${x}auth=Bearer abc${x}${x}`, { user: undefined, token: "abc" }],
  [`y,,${x}auth=Bearer abc${x}${x}`, { user: undefined, token: "abc" }],
  [`n,a=a=2Cb=3Dc,${x}auth=Bearer abc${x}${x}`, { user: "a,b=c", token: "abc" }],
  [`n,a=a=41,${x}auth=Bearer abc${x}${x}`, undefined],
  [`p=tls-unique,,${x}auth=Bearer abc${x}${x}`, undefined],
  [`n,a=,${x}auth=Bearer abc${x}${x}`, undefined],
  [`n,a=a,b,${x}auth=Bearer abc${x}${x}`, undefined],
  [`auth=Bearer abc${x}${x}`, undefined],
  [x, undefined],
])("OAUTHBEARER %j", (text, expected) => {
  expect(parseBearerResponse("OAUTHBEARER", text)).toEqual(expected);
});

describe("bearerError", () => {
  it("says what a client can act upon", () => {
    const about = {
      scope: "smtp",
      openIdConfiguration: "https://id.example/.well-known/openid-configuration",
    };
    expect(JSON.parse(bearerError("OAUTHBEARER", about))).toEqual({
      status: "invalid_token",
      schemes: "bearer",
      scope: "smtp",
      "openid-configuration": "https://id.example/.well-known/openid-configuration",
    });
    expect(JSON.parse(bearerError("XOAUTH2", { scope: undefined, openIdConfiguration: undefined }))).toEqual({
      status: "401",
      schemes: "bearer",
    });
  });
});
