/** Whether the listeners answer: EHLO and QUIT at each. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { nodeColumns } from "../../components/node-columns.tsx";
import { Table } from "../../components/table.tsx";
import { failed } from "../../components/toast.tsx";

/** As the relay puts it: nobody wanted it to listen. */
const disabled = "the connector is disabled";

type Results = Output<"testConnectivity">["results"];

export function Connectivity() {
  const [results, setResults] = useState<Results>();
  const [busy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    setBusy(true);
    try {
      setResults((await call("testConnectivity", {})).results);
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-label="Connectivity">
      <div class="page-head">
        <div class="card-head">
          <h2>Connectivity</h2>
          <span class="muted">connects to each binding and says EHLO</span>
        </div>
        <button type="button" disabled={busy} onClick={() => void test()}>
          {busy ? "Testing…" : "Test"}
        </button>
      </div>
      {results !== undefined && (
        <Table
          label="Results"
          rows={results}
          rowKey={(_, index) => index}
          empty={<p>No receive connector listens.</p>}
          columns={[
            { title: "Connector", rowHeader: true, cell: ({ connector }) => connector },
            ...nodeColumns<Results[number]>(),
            { title: "Binding", nowrap: true, cell: ({ binding }) => binding },
            {
              title: "Result",
              cell: ({ statusCode, details }) =>
                details === disabled ? (
                  <Badge kind="plain" text="Disabled" />
                ) : (
                  <Badge kind={statusCode === "Success" ? "good" : "error"} text={statusCode} />
                ),
            },
            { title: "Details", wide: true, cell: ({ details }) => details },
          ]}
        />
      )}
    </section>
  );
}
