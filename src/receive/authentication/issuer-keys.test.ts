/** Where the keys of an issuer come from, how long they are good, and which of them may have signed. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../events/catalogue.ts";
import type { EventRecord } from "../../events/events.ts";
import type { OutgoingRequest } from "../../ports/http-request.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createIssuerKeys, discoveryUrl } from "./issuer-keys.ts";

const jwkOf = (curve: "P-256" | "P-384" | "P-521" | "Ed25519"): Record<string, unknown> => {
  const { publicKey } =
    curve === "Ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: curve });
  return { ...publicKey.export({ format: "jwk" }) };
};
const p256 = jwkOf("P-256");
const ed25519 = jwkOf("Ed25519");
const rsa = { kty: "RSA", e: "AQAB", n: Buffer.alloc(256, 0xa5).toString("base64url") };

function rig(
  keys: readonly unknown[] = [{ ...p256, kid: "k1" }],
  given: { readonly jwksUri?: string; readonly discovery?: unknown; readonly issuer?: string } = {},
) {
  const { issuer = "https://id.test/tenant/", jwksUri } = given;
  const clock = createFakeClock();
  const events: EventRecord[] = [];
  const asked: OutgoingRequest[] = [];
  const state = { keys: keys as unknown, status: 200, fails: undefined as Error | undefined };
  const found = createIssuerKeys(
    { name: "Id", issuer, jwksUri },
    {
      clock,
      events: {
        wants: () => true,
        emit: (name, fields) =>
          void events.push({ name, definition: catalogue[name], at: clock.wall(), fields: { ...fields } }),
      },
      http(request) {
        asked.push(request);
        if (state.fails !== undefined) return Promise.reject(state.fails);
        const body = request.url.includes(".well-known")
          ? (given.discovery ?? { issuer, jwks_uri: "https://keys.test/jwks" })
          : { keys: state.keys };
        const text = typeof body === "string" ? body : JSON.stringify(body);
        return Promise.resolve({ status: state.status, headers: {}, body: Buffer.from(text) });
      },
    },
  );
  const urls = (): string[] => asked.splice(0).map(({ url }) => url);
  const find = (algorithm: string, kid: string | undefined) => found.find(algorithm, kid);
  return { find, clock, events, asked, urls, state };
}
const jwks = "https://keys.test/jwks";
const discovery = "https://id.test/tenant/.well-known/openid-configuration";

describe("keys are read", () => {
  test("from where discovery says, once for all who ask", async () => {
    const it = rig();
    const all = await Promise.all([
      it.find("ES256", "k1"),
      it.find("ES256", "k1"),
      it.find("ES256", undefined),
    ]);
    expect(all.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(it.asked[0]).toMatchObject({ method: "GET", headers: { accept: "application/json" }, body: "" });
    expect(it.urls()).toEqual([discovery, jwks]);
    expect(discoveryUrl({ issuer: "https://id.test" })).toBe(
      "https://id.test/.well-known/openid-configuration",
    );
  });

  test("from where the configuration says, without discovery", async () => {
    const it = rig(undefined, { jwksUri: "http://127.0.0.1/own" });
    expect(await it.find("ES256", "k1")).toHaveLength(1);
    expect(it.urls()).toEqual(["http://127.0.0.1/own"]);
  });

  test.each<[string, unknown, RegExp]>([
    ["is of another issuer", { issuer: "https://id.test/tenant", jwks_uri: jwks }, /of another issuer/],
    ["names no keys", { issuer: "https://id.test/tenant/" }, /no jwks_uri/],
    ["names no address", { issuer: "https://id.test/tenant/", jwks_uri: "keys" }, /no jwks_uri/],
    [
      "names keys in clear text",
      { issuer: "https://id.test/tenant/", jwks_uri: "http://keys.test/" },
      /not https/,
    ],
    ["is null", "null", /no JSON object/],
    ["is a text", '"x"', /no JSON object/],
    ["is no JSON", "x", /JSON/],
  ])("not where the discovery document %s", async (_, document, expected) => {
    const it = rig(undefined, { discovery: document });
    await expect(it.find("ES256", "k1")).rejects.toThrow(expected);
    expect(it.events.map(({ name, fields }) => [name, fields["error"]])).toEqual([
      ["TokenIssuerUnreachable", expect.stringMatching(expected)],
    ]);
  });

  test.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/jwks"],
    ["http://127.0.0.1:8080", "https://keys.test/jwks"],
  ])("of an issuer at %s also from %s", async (issuer, uri) => {
    const it = rig(undefined, { issuer, discovery: { issuer, jwks_uri: uri } });
    expect(await it.find("ES256", "k1")).toHaveLength(1);
  });

  test.each<[string, unknown, number]>([
    ["another answer", [], 503],
    ["no list", "keys", 200],
  ])("and %s is none", async (_, keys, status) => {
    const it = rig();
    Object.assign(it.state, { keys, status });
    await expect(it.find("ES256", "k1")).rejects.toThrow(/it answered 503|no keys/);
  });
});

describe("while the issuer is away", () => {
  test("before any keys were read it is asked each half minute, and told once; and when it is back", async () => {
    const it = rig();
    it.state.fails = new Error("refused");
    await expect(it.find("ES256", "k1")).rejects.toThrow("refused");
    it.urls();
    await it.clock.advance(29_999);
    await expect(it.find("ES256", "k1")).rejects.toThrow("could not be read");
    expect(it.urls()).toEqual([]);
    await it.clock.advance(1);
    await expect(it.find("ES256", "k1")).rejects.toThrow("refused");
    it.state.fails = undefined;
    await it.clock.advance(30_000);
    expect(await it.find("ES256", "k1")).toHaveLength(1);
    expect(it.events.map(({ name, fields }) => [name, fields["issuer"], fields["consequence"]])).toEqual([
      ["TokenIssuerUnreachable", "Id", expect.stringMatching(/^nobody can log on/)],
      ["TokenIssuerReached", "Id", undefined],
    ]);
  });

  test("keys that were read go on, however old; one that is not among them cannot be told", async () => {
    const it = rig();
    await it.find("ES256", "k1");
    it.state.fails = new Error("refused");
    await it.clock.advance(600_000);
    expect(await it.find("ES256", "k1")).toHaveLength(1);
    await it.clock.settle();
    expect(it.events.map(({ fields }) => fields["consequence"])).toEqual([expect.stringMatching(/go on$/)]);
    await expect(it.find("ES256", "k2")).rejects.toThrow("cannot be read anew");
    await it.clock.advance(30_000);
    await expect(it.find("ES256", "k2")).rejects.toThrow("refused");
  });
});

describe("keys are read anew", () => {
  test("after ten minutes, while the old ones are good enough", async () => {
    const it = rig();
    await it.find("ES256", "k1");
    it.urls();
    await it.clock.advance(599_999);
    await it.find("ES256", "k1");
    expect(it.urls()).toEqual([]);
    await it.clock.advance(1);
    it.state.keys = [{ ...ed25519, kid: "k2" }];
    expect(await it.find("ES256", "k1")).toHaveLength(1);
    await it.clock.settle();
    expect(it.urls()).toEqual([discovery, jwks]);
    expect(await it.find("ES256", "k1")).toEqual([]);
    expect(await it.find("EdDSA", "k2")).toHaveLength(1);
  });

  test("for a key that is not there, each half minute at most", async () => {
    const it = rig();
    await it.find("ES256", "k1");
    it.urls();
    expect(await it.find("ES256", "k2")).toEqual([]);
    expect(it.urls()).toEqual([]);
    await it.clock.advance(30_000);
    it.state.keys = [{ ...p256, kid: "k2" }];
    expect(await it.find("ES256", "k2")).toHaveLength(1);
    expect(it.urls()).toHaveLength(2);
    expect(await it.find("ES256", "k1")).toEqual([]);
    expect(it.urls()).toEqual([]);
  });
});

describe("a key may have signed so", () => {
  const kinds: Record<string, Record<string, unknown>> = {
    "P-256": p256,
    "P-384": jwkOf("P-384"),
    "P-521": jwkOf("P-521"),
    Ed25519: ed25519,
    RSA: rsa,
  };
  test.each([
    ["ES256", "P-256"],
    ["ES384", "P-384"],
    ["ES512", "P-521"],
    ["EdDSA", "Ed25519"],
    ["Ed25519", "Ed25519"],
    ["RS256", "RSA"],
    ["PS512", "RSA"],
  ])("%s is for %s alone", async (algorithm, kind) => {
    const all = Object.entries(kinds).map(([kid, key]) => ({ ...key, kid }));
    const it = rig(all);
    expect(await it.find(algorithm, undefined)).toHaveLength(1);
    expect(await it.find(algorithm, kind)).toHaveLength(1);
    for (const kid of Object.keys(kinds)) if (kid !== kind) expect(await it.find(algorithm, kid)).toEqual([]);
  });

  test.each<[string, string, object, number]>([
    ["for signatures", "ES256", { use: "sig" }, 1],
    ["for encryption", "ES256", { use: "enc" }, 0],
    ["to verify with", "ES256", { key_ops: ["verify"] }, 1],
    ["for something else", "ES256", { key_ops: ["deriveKey"] }, 0],
    ["of its algorithm", "ES256", { alg: "ES256" }, 1],
    ["of another algorithm", "ES256", { alg: "ES384" }, 0],
    ["EdDSA as it was called before", "Ed25519", { ...ed25519, alg: "EdDSA" }, 1],
    ["EdDSA by its new name alone", "EdDSA", { ...ed25519, alg: "Ed25519" }, 0],
    ["EdDSA, asked for another", "ES256", { alg: "EdDSA" }, 0],
    ["that both sides know", "ES256", { kty: "oct", k: "eA" }, 0],
    ["that is private", "ES256", { d: "eA" }, 0],
    ["that cannot be read", "ES256", { x: "eA", y: "eA" }, 0],
  ])("one that is %s", async (_, algorithm, given, count) => {
    const it = rig([null, "x", { kid: "k1" }, { ...p256, ...given, kid: "k1" }]);
    expect(await it.find(algorithm, "k1")).toHaveLength(count);
  });

  test("several of one name, several without one; eight are tried at most", async () => {
    const it = rig([
      { ...p256, kid: "k1" },
      { ...jwkOf("P-256"), kid: "k1" },
      { ...jwkOf("P-256"), kid: 7 },
      ...Array.from({ length: 6 }, () => jwkOf("P-256")),
    ]);
    expect(await it.find("ES256", "k1")).toHaveLength(2);
    expect(await it.find("ES256", undefined)).toHaveLength(8);
    expect(await it.find("ES256", "constructor")).toEqual([]);
    const [one] = await it.find("ES256", "k1");
    expect((await it.find("ES256", "k1"))[0]).toBe(one);
  });
});
