import { expect, test } from "vitest";
import type { Origin } from "../message/envelope.ts";
import type { DropSendConnector, SendConnectorSettings } from "./send-connector.ts";
import { explainChoice } from "./send-connector-explained.ts";
import type { SendRestrictions } from "./send-restrictions.ts";

const connector = (
  name: string,
  domain: string,
  cost: number,
  changes: Partial<DropSendConnector> = {},
): DropSendConnector => ({
  kind: "drop",
  name,
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1024,
  addressSpaces: [{ domain, subdomains: domain === "", cost }],
  ...changes,
});
const only = (given: Partial<SendRestrictions>): Partial<DropSendConnector> => ({
  restrictions: { senderSpaces: [], receiveConnectors: [], applications: [], ...given },
});
const graph = (overflowConnector: string, changes: object = {}): SendConnectorSettings =>
  ({
    ...connector("Graph", "", 1),
    kind: "graph",
    overflowConnector,
    ...changes,
  }) as unknown as SendConnectorSettings;

const origin: Origin = {
  connector: "Apps",
  sourceAddress: "",
  helloName: "",
  sessionId: "",
  application: "",
};
const told = (connectors: readonly SendConnectorSettings[], reversePath = "a@a.test", sizeBytes = 1) =>
  explainChoice(
    connectors,
    "x.test",
    { envelope: { reversePath }, origin, content: { sizeBytes } },
    {
      domainOf: (mailbox) => mailbox.replace(/.*@/, ""),
      applicationOf: ({ application = "" }) => application,
    },
  ).map(({ connector: { name }, consideration, cost, details }) =>
    `${name} ${cost ?? "-"} ${consideration} ${details}`.trim(),
  );

test("each connector is told once, in the order in which they are asked", () => {
  expect(
    told([
      connector("Off", "", 1, { enabled: false }),
      connector("Elsewhere", "y.test", 1),
      connector("Later", "", 9),
      connector("Out", "", 2),
      connector("Small", "x.test", 1, { maxMessageSize: 0 }),
      connector(
        "Senders",
        "",
        1,
        only({ senderSpaces: [{ kind: "address", address: "b@a.test" }, { kind: "nullSender" }] }),
      ),
      connector("Printers", "", 1, only({ receiveConnectors: ["Printers"] })),
      connector("ERP", "", 1, only({ applications: ["ERP", "CRM"] })),
    ]),
  ).toEqual([
    "Small 1 tooLarge takes up to 0 B (0 bytes)",
    "ERP 1 applications only for ERP, CRM",
    "Printers 1 receiveConnectors only for Printers",
    "Senders 1 senderSpaces only for b@a.test, <>",
    "Out 2 taken",
    "Later 9 behind",
    "Off 1 disabled",
    "Elsewhere - addressSpaces not for x.test",
  ]);
});

test("an overflow connector is asked behind that of Graph", () => {
  const over = connector("Over", "y.test", 1);
  expect(told([graph("Over"), over], "")).toEqual([
    "Graph 1 nullSender carries no mail with the null reverse-path",
    "Over - taken overflowConnector of Graph",
  ]);
  expect(told([graph("Over"), over])).toEqual(["Graph 1 taken", "Over - behind overflowConnector of Graph"]);
  const barred = graph("Over", only({ receiveConnectors: ["Printers"] }));
  expect(told([barred, over])).toEqual([
    "Graph 1 receiveConnectors only for Printers",
    "Over - addressSpaces not for x.test",
  ]);
});
