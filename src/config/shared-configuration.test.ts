import { describe, expect, test } from "vitest";
import { defaultConfig } from "./default-config.ts";
import { formatFault } from "./fault.ts";
import { parseShared, splitConfiguration } from "./shared-configuration.ts";

const file = "/etc/weir/weir.yaml";
const own = `dataDirectory: data
hostname: a.test
`;
const shared = `receiveConnectors:
  - name: AppRelay
    bindings: ["0.0.0.0:25"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
  - name: Printers
    bindings: ["0.0.0.0:2525"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: [next.test]
    sourceIPAddress: 10.0.0.1
`;
const cluster = (more: string): string => `cluster:
  node: a
  database: { hosts: [localhost] }
${more}`;

function parsed(document: string, mine: string) {
  const result = parseShared(document, mine, { file });
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "shared")).join("\n"));
  return result.settings;
}

function faults(document: string, mine: string): string[] {
  const result = parseShared(document, mine, { file });
  return result.ok ? [] : result.faults.map((fault) => formatFault(fault, "shared"));
}

describe("a document and a node's file", () => {
  test("are one configuration, with paths from the node's folder", () => {
    const settings = parsed(
      shared.replace("smartHosts: [next.test]\n    sourceIPAddress: 10.0.0.1", "dropDirectory: drop"),
      `${own}${cluster("")}`,
    );
    expect(settings).toMatchObject({
      hostname: "a.test",
      dataDirectory: "/etc/weir/data",
      cluster: { node: "a" },
      receiveConnectors: [{ name: "AppRelay" }, { name: "Printers" }],
      sendConnectors: [{ dropDirectory: "/etc/weir/data/drop" }],
    });
    expect(settings.receiveConnectors[0]?.fqdn).toBe("a.test");
  });

  test("differ by machine in what the node's file says of connectors, by any spelling", () => {
    const settings = parsed(
      shared,
      `${own}${cluster(`  receiveConnectors:
    - name: apprelay
      bindings: ["10.0.0.3:25"]
  sendConnectors:
    - { name: Out, sourceIpAddress: 10.0.0.3 }
`)}`,
    );
    expect(settings.receiveConnectors.map(({ bindings }) => bindings)).toMatchObject([
      [{ address: "10.0.0.3", port: 25 }],
      [{ address: "0.0.0.0", port: 2525 }],
    ]);
    expect(settings.sendConnectors).toMatchObject([{ sourceIpAddress: "10.0.0.3" }]);
  });

  test("tell each fault in the text it stands in", () => {
    expect(
      faults(
        shared.replace("permissionGroups", "permisionGroups"),
        `${own}metricz: 1\n${cluster(`  receiveConnectors:
    - name: Printers
      bindings: [nowhere]
`)}`,
      ),
    ).toEqual([
      expect.stringMatching(/^shared:5:5 receiveConnectors\[0\]\.permisionGroups: unknown/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:3:1 metricz: unknown setting/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:9:18 receiveConnectors\[1\]\.bindings/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:9:18 cluster\.receiveConnectors/) as string,
    ]);
  });

  test("have one place for each section", () => {
    expect(faults(`${shared}admin: {}\n`, `${own}users: []\ntransport: {}\n`)).toEqual([
      expect.stringMatching(/^shared:15:1 admin: stands in the file of each node/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:3:1 users: stands in the configuration/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:4:1 transport: stands in the/) as string,
    ]);
  });

  test("keep secrets out of the database", () => {
    const credential = "    authenticationCredential: { userName: u, password: secret }\n";
    expect(faults(`${shared}${credential}`, own)).toEqual([
      expect.stringMatching(/^shared:15:\d+ .*password: would stand in the database in clear/) as string,
    ]);
  });

  test("that cannot be read are told, both of them", () => {
    expect(faults("a: [", "b: {")).toEqual([
      expect.stringMatching(/^shared:1:/) as string,
      expect.stringMatching(/^\/etc\/weir\/weir\.yaml:1:/) as string,
    ]);
    expect(faults("- 1", own)[0]).toMatch(/is not a set of settings/);
  });
});

test("a whole file is split in two, each part with its comments, which are one again", () => {
  const whole = `# Our relay
${own}# Applications
${shared}${cluster("")}metrics: { listen: [] } # asked by Prometheus
`;
  const split = splitConfiguration(whole);
  expect(split.shared).toBe(`# Our relay\n# Applications\n${shared}`);
  expect(split.own).toContain(own);
  expect(split.own).toContain("# asked by Prometheus");
  expect(split.own).not.toContain("receiveConnectors");
  expect(parsed(split.shared, split.own).receiveConnectors).toHaveLength(2);
  expect(splitConfiguration(shared).own.trim()).toBe("");
});

test("what is said of a section goes where the section goes", () => {
  const { shared: common, own: mine } = splitConfiguration(defaultConfig);
  const first = "# Weir's configuration.";
  for (const part of [common, mine]) {
    expect(part.startsWith(first)).toBe(true);
    expect(part).not.toMatch(/\n\n\n/);
  }
  expect(common).not.toContain("Where mail is kept");
  expect(common).not.toContain("The web console");
  expect(common).toContain("# The limits, with their defaults");
  expect(common).toContain("put your smart host here");
  expect(mine).toContain("Where mail is kept");
  expect(mine).toContain("The web console");
  for (const said of ["Where mail comes in", "The limits", "smartHosts", "Domains that clients"])
    expect(mine).not.toContain(said);
});

test("a node is warned of what it has of connectors that are not there", () => {
  const result = parseShared(
    shared,
    `${own}${cluster(`  receiveConnectors:
    - { name: apprelay, bindings: ["10.0.0.3:25"] }
    - { name: AppRely, bindings: ["10.0.0.3:26"] }
`)}`,
    { file },
  );
  const warned = (result.warnings ?? []).map((warning) => formatFault(warning, "shared"));
  expect(warned.filter((text) => text.includes("cluster."))).toEqual([
    "/etc/weir/weir.yaml:8:9 cluster.receiveConnectors[1].name: the nodes have no connector of this name, so nothing of it holds; there are: AppRelay, Printers",
  ]);
});
