import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configuredRelay } from "./configured-relay.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-configured-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const local = (port: number) => ({ host: "127.0.0.1", port });

test.each([
  ["no file", undefined, [local(25)], undefined],
  [
    "the usual lines",
    `hostname: r.test
receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:2525", "0.0.0.0:587"] # here
  # bindings: ["1.2.3.4:25"]
`,
    [local(2525), local(587)],
    undefined,
  ],
  [
    "a connector that begins with them",
    `receiveConnectors:
  - bindings: ['[::]:26', 127.0.0.1:465]
`,
    [{ host: "::1", port: 26 }],
    undefined,
  ],
  [
    "a Replay directory",
    `dataDirectory: "mail"
receiveConnectors: []
transport:
  replayDirectoryPath: replay
`,
    [local(25)],
    "mail/replay",
  ],
  [
    "and without a data directory",
    `transport:
  replayDirectoryPath: 'replay'
`,
    [local(25)],
    "data/replay",
  ],
  [
    "lists of lines",
    `receiveConnectors:
  - name: A
    bindings:
      - 127.0.0.1:2525
`,
    [local(2525)],
    undefined,
  ],
  [
    "all in one line",
    `{receiveConnectors: [{name: A, bindings: ["127.0.0.1:2525"]}], transport: {replayDirectoryPath: r}, dataDirectory: d}`,
    [local(2525)],
    "d/r",
  ],
  [
    "no developer's port, and none where nobody listens",
    `receiveConnectors:
  - name: Tests
    bindings: ["127.0.0.1:1025"]
    capture: true
  - name: Old
    enabled: false
    bindings: ["127.0.0.1:26"]
  - name: A
    enabled: true # always
    capture: false
    bindings: ["127.0.0.1:2525"]
`,
    [local(2525)],
    undefined,
  ],
  ["no YAML", "receiveConnectors: [", [local(25)], undefined],
] as const)("%s", async (name, text, endpoints, replay) => {
  const file = join(directory, `${name}.yaml`);
  if (text !== undefined) await writeFile(file, text);
  const found = await configuredRelay({ env: {}, places: [join(directory, "nowhere"), file] });
  expect(found.endpoints).toEqual(endpoints);
  expect(found.replayDirectory).toBe(replay && join(directory, replay));
});

test("the environment goes first", async () => {
  const env = { WEIR_SMTP: "mail.test:25,[2001:db8::1]:587", WEIR_REPLAY: "/replay" };
  expect(await configuredRelay({ env, places: [] })).toEqual({
    endpoints: [
      { host: "mail.test", port: 25 },
      { host: "2001:db8::1", port: 587 },
    ],
    replayDirectory: "/replay",
    domain: undefined,
  });
});
