/** Test-Route. */
import type { Output as Answer } from "../../admin/contract.ts";
import { parseByteSize } from "../../core/units/byte-size.ts";
import { isOn, listOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";

type Route = Answer<"testRoute">;
type Considered = Route["connectors"][number];

/** Resolves with 1 when no connector carries it. */
export const testRoute: Run = async (args, context) => {
  const { output } = context;
  const text = (name: string) => textOf(args, name);
  const size = parseByteSize(text("Size") ?? "0");
  if (!size.ok) throw new CommandFault(`-Size: ${size.message}`, 2);
  const [receiveConnector, application] = [text("ReceiveConnector"), text("Application")];
  const relay = await relayOf(context);
  const route = await relay.call("testRoute", {
    from: text("From") ?? "",
    to: text("To") ?? "",
    ...(receiveConnector === undefined ? {} : { receiveConnector }),
    ...(application === undefined ? {} : { application }),
    sizeBytes: size.value,
  });
  printRows(output, args, {
    rows: route.connectors,
    columns,
    json: route,
    none: "there is no send connector",
  });
  const isForPeople =
    output.collect === undefined &&
    listOf(args, "Property") === undefined &&
    !["Json", "Csv", "List"].some((form) => isOn(args, form));
  if (isForPeople)
    output.write(
      route.sendConnector === null
        ? `\n${output.style("bad", "No connector carries it")}: ${route.reason ?? ""}\n`
        : `\nIt goes by ${output.style("good", route.sendConnector)}.\n`,
    );
  return route.sendConnector === null ? 1 : 0;
};

const words: Readonly<Record<Considered["consideration"], string>> = {
  taken: "Taken",
  behind: "Behind",
  senderSpaces: "Other senders (SenderSpaces)",
  receiveConnectors: "Other receive connectors (ReceiveConnectors)",
  applications: "Other applications (Applications)",
  nullSender: "No null reverse-path",
  tooLarge: "Too large (MaxMessageSize)",
  addressSpaces: "Other domains (AddressSpaces)",
  disabled: "Disabled",
};

const columns: readonly Column<Considered>[] = [
  { header: "SendConnector", value: ({ name }) => name },
  {
    header: "Outcome",
    value: ({ consideration }) => words[consideration],
    style: ({ consideration }) => (consideration === "taken" ? "good" : undefined),
  },
  { header: "Cost", value: ({ cost }) => cost ?? "", align: "right" },
  { header: "Details", value: ({ details }) => details, wraps: true },
];
