import { expect, test } from "vitest";
import { defaultConfig } from "./default-config.ts";
import { type FirstEnvironment, firstConfig } from "./first-config.ts";
import { parseConfig } from "./parse-config.ts";

const settingsOf = (env: FirstEnvironment) => {
  const result = parseConfig(firstConfig(env), {
    file: "/data/weir.yaml",
    env: { WEIR_SMART_HOST_PASSWORD: "x" },
  });
  if (!result.ok) throw new Error(result.faults.map(({ path, message }) => `${path} ${message}`).join("; "));
  return result.settings;
};

test("without variables it is the newcomer's", () => {
  expect(firstConfig({})).toBe(defaultConfig);
  expect(firstConfig({ WEIR_HOSTNAME: "", WEIR_SMART_HOSTS: "" })).toBe(defaultConfig);
});

test("with a smart host that wants a log-on", () => {
  const settings = settingsOf({
    WEIR_HOSTNAME: "relay.example.com",
    WEIR_DATA_DIRECTORY: "/data",
    WEIR_BINDINGS: "0.0.0.0:2525, [::]:2525",
    WEIR_REMOTE_IP_RANGES: "10.0.0.0/8,172.16.0.0/12",
    WEIR_ACCEPTED_DOMAINS: "example.com",
    WEIR_SMART_HOSTS: "smtp.example.net:587",
    WEIR_SMART_HOST_USER_NAME: "relay@example.com",
    WEIR_CONSOLE: "0.0.0.0:8025",
    WEIR_METRICS_LISTEN: "0.0.0.0:9464",
    WEIR_METRICS_ALLOW: "10.0.0.0/8",
    WEIR_REQUIRE_PERSISTENT_SPOOL: "true",
  });
  expect(settings).toMatchObject({
    hostname: "relay.example.com",
    dataDirectory: "/data",
    requirePersistentSpool: true,
    receiveConnectors: [
      {
        name: "AppRelay",
        bindings: [
          { address: "0.0.0.0", port: 2525 },
          { address: "::", port: 2525 },
        ],
        remoteIpRanges: [{ text: "10.0.0.0/8" }, { text: "172.16.0.0/12" }],
      },
    ],
    sendConnectors: [
      { name: "Out", smartHosts: [{ host: "smtp.example.net", port: 587 }], requireTls: true },
    ],
    admin: { console: { address: "0.0.0.0", port: 8025 } },
    metrics: { listen: [{ address: "0.0.0.0", port: 9464 }], allow: [{ text: "10.0.0.0/8" }] },
  });
});

test("what a variable says wrongly is a fault at its setting", () => {
  const result = parseConfig(
    firstConfig({ WEIR_BINDINGS: "everywhere", WEIR_REQUIRE_PERSISTENT_SPOOL: "maybe" }),
    {
      file: "weir.yaml",
    },
  );
  expect(result.ok ? [] : result.faults.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["receiveConnectors[0].bindings[0]", "requirePersistentSpool"]),
  );
});
