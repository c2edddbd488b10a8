/** Test-SmtpConnectivity. */
import type { Output as Answer } from "../../admin/contract.ts";
import { textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";

type Result = Answer<"testConnectivity">["results"][number];

/** Resolves with 1 when a binding does not answer as it should. */
export const testSmtpConnectivity: Run = async (args, context) => {
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const { results } = await relay.call("testConnectivity", connector === undefined ? {} : { connector });
  printRows(context.output, args, {
    rows: results,
    columns: withServer(columns, results),
    none: "there is no binding to test",
  });
  return results.every(({ statusCode }) => statusCode === "Success") ? 0 : 1;
};

const columns: readonly Column<Result>[] = [
  { header: "ReceiveConnector", value: ({ connector }) => connector },
  { header: "Binding", value: ({ binding }) => binding },
  { header: "EndPoint", value: ({ endpoint }) => endpoint },
  {
    header: "StatusCode",
    value: ({ statusCode }) => statusCode,
    style: ({ statusCode }) => (statusCode === "Success" ? "good" : "bad"),
  },
  { header: "Details", value: ({ details }) => details, wraps: true },
];
