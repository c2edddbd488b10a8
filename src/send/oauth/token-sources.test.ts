/** Who shares a token, and what of a request must be told to nobody. */
import { describe, expect, test } from "vitest";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { requestSecrets, tokenRequestBody } from "./token-request.ts";
import { createTokenSources } from "./token-sources.ts";

const settings = (
  more: Partial<OAuthSettings> = {},
  clientId = "app",
  clientSecret = "s+cret/1",
): OAuthSettings => ({
  grant: {
    kind: "clientCredentials",
    clientId,
    credential: { kind: "secret", clientSecret, expiresAt: undefined },
  },
  tokenEndpoint: "https://login.test/token",
  scope: "https://outlook.test/.default",
  shown: {},
  ...more,
});

describe("connectors share the tokens of an application", () => {
  const sources = () =>
    createTokenSources({
      clock: createFakeClock(),
      events: { wants: () => false, emit: () => {} },
      http: () => Promise.reject(new Error("nobody is asked")),
    });

  test.each<[string, OAuthSettings, boolean]>([
    ["that is the same", settings({ shown: { clientId: "app" } }), true],
    ["not of another client", settings({}, "other"), false],
    ["nor with another secret", settings({}, "app", "other"), false],
    ["nor at another endpoint", settings({ tokenEndpoint: "https://login.test/2" }), false],
    ["nor for another scope", settings({ scope: "x" }), false],
  ])("%s", (_, other, isSame) => {
    const all = sources();
    const first = all.for(settings(), "Out");
    expect(all.for(settings(), "Two")).toBe(first);
    expect(all.for(other, "Two") === first).toBe(isSame);
  });

  test("of a hundred; the oldest is forgotten then", () => {
    const all = sources();
    const made = Array.from({ length: 100 }, (_, n) => all.for(settings({}, `app${n}`), "Out"));
    expect(all.for(settings({}, "app0"), "Out")).toBe(made[0]);
    all.for(settings({}, "one more"), "Out");
    expect(all.for(settings({}, "app1"), "Out")).toBe(made[1]);
    expect(all.for(settings({}, "app0"), "Out")).not.toBe(made[0]);
  });
});

test("a request with a secret, and each form of the secret that an endpoint may repeat", async () => {
  const body = await tokenRequestBody(settings(), "a@contoso.test", 0);
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    grant_type: "client_credentials",
    client_id: "app",
    scope: "https://outlook.test/.default",
    client_secret: "s+cret/1",
  });
  expect(new Set(requestSecrets(body))).toEqual(
    new Set(["s+cret/1", "s%2Bcret%2F1", Buffer.from("s+cret/1").toString("base64")]),
  );
  const quoted = new URLSearchParams({ assertion: 'a"b c' }).toString();
  expect(new Set(requestSecrets(quoted))).toEqual(
    new Set(['a"b c', "a%22b%20c", "a%22b+c", 'a\\"b c', Buffer.from('a"b c').toString("base64")]),
  );
  const certificate = new URLSearchParams({ client_assertion: "x.y", client_id: "app" }).toString();
  expect(new Set(requestSecrets(certificate))).toEqual(
    new Set(["x.y", Buffer.from("x.y").toString("base64")]),
  );
});
