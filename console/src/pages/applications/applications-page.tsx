/** Who uses the relay: applications by name, senders that belong to none, and what is remarkable about them. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { may, urlOf } from "../../api.ts";
import { Table, type Column } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { textOf } from "../settings/setting-text.ts";
import { ApplicationView } from "./application-view.tsx";
import { Findings } from "./findings.tsx";
import { NameDialog } from "./name-dialog.tsx";

type Application = Output<"listApplications">["applications"][number];
type Senders = Output<"listSenders">;
type Sender = Senders["senders"][number];
type Known = Application["known"];

const everyMs = 10_000;
const shownSenders = 200;
const dayMs = 86_400_000;
/** Days that messages can be counted of. */
const periods = [1, 7, 35, 365] as const;
const usualPeriod = 7;

export function ApplicationsPage({ query }: { query: URLSearchParams }) {
  const [name, source] = [query.get("name") ?? "", query.get("source") ?? ""];
  if (name !== "") return <ApplicationView key={name} of={{ application: name }} query={query} />;
  if (source !== "") {
    const user = query.get("user") ?? "";
    return <ApplicationView key={`${source} ${user}`} of={{ source, user }} query={query} />;
  }
  return <Inventory query={query} />;
}

function Inventory({ query }: { query: URLSearchParams }) {
  const days = periods.find((one) => String(one) === query.get("days")) ?? usualPeriod;
  // In whole minutes: within one it is the same question.
  const from = new Date(Math.floor(Date.now() / 60_000) * 60_000 - days * dayMs).toISOString();
  const [list, reload] = useLoaded("listApplications", { from }, everyMs, String(days));
  const [found] = useLoaded(
    "listSenders",
    { from, unknown: true, limit: shownSenders },
    everyMs,
    String(days),
  );
  const [naming, setNaming] = useState<Sender | "new">();
  return (
    <div class="page">
      <header class="page-head">
        <h1>Applications</h1>
        <div class="actions">
          <a class="button" href={urlOf("exportSenders", { from })} download="senders.csv">
            Export as CSV
          </a>
          {may("newApplication") && (
            <button type="button" class="primary" onClick={() => setNaming("new")}>
              New…
            </button>
          )}
        </div>
      </header>
      <Periods days={days} />
      {found !== undefined && <Findings findings={found.findings} />}
      {list !== undefined && (
        <Table
          label="Applications"
          rows={list.applications}
          rowKey={({ name }) => name}
          columns={[
            {
              title: "Application",
              rowHeader: true,
              cell: ({ name }) => <a href={linkTo("/applications", { name })}>{name}</a>,
            },
            { title: "Owner", wide: true, cell: ({ settings }) => textOf(settings["owner"]) },
            ...knownColumns<Application>(({ known }) => known),
          ]}
          empty={<p>No application has a name yet. Below stands who sends; “Name…” gives a sender one.</p>}
        />
      )}
      <h2>Senders without a name</h2>
      <p class="muted" role="status">
        {found === undefined ? "Looking…" : unknownText(found, days)}
      </p>
      {found !== undefined && found.senders.length > 0 && (
        <Table
          label="Senders without a name"
          rows={found.senders}
          rowKey={({ source, user }) => `${source} ${user}`}
          columns={[
            {
              title: "Source",
              rowHeader: true,
              nowrap: true,
              cell: ({ source, user }) => (
                <a href={linkTo("/applications", { source, user })}>
                  {source}
                  {user === "" ? "" : ` as ${visible(user)}`}
                </a>
              ),
            },
            ...(may("newApplication")
              ? [
                  {
                    title: "Name",
                    cell: (sender: Sender) => (
                      <button type="button" onClick={() => setNaming(sender)}>
                        Name…
                      </button>
                    ),
                  },
                ]
              : []),
            { title: "Calls itself", wide: true, cell: ({ heloNames }) => heloNames.map(visible).join(", ") },
            ...knownColumns<Sender>((sender) => sender),
          ]}
          empty=""
        />
      )}
      {naming !== undefined && (
        <NameDialog
          sender={naming === "new" ? undefined : naming}
          onClose={() => {
            setNaming(undefined);
            reload();
          }}
        />
      )}
    </div>
  );
}

function Periods({ days }: { days: number }) {
  return (
    <nav class="choices" aria-label="Messages of">
      {periods.map((one) => (
        <a
          key={one}
          href={linkTo("/applications", { days: one === usualPeriod ? undefined : one })}
          aria-current={one === days ? "true" : undefined}
        >
          {one === 1 ? "24 hours" : `${one} days`}
        </a>
      ))}
    </nav>
  );
}

function knownColumns<Row>(of: (row: Row) => Known): Column<Row>[] {
  return [
    {
      title: "First seen",
      nowrap: true,
      cell: (row) => {
        const { firstSeen } = of(row);
        return firstSeen === null ? "" : <Time at={firstSeen} />;
      },
    },
    {
      title: "Last seen",
      nowrap: true,
      cell: (row) => {
        const { lastSeen } = of(row);
        return lastSeen === null ? <span class="muted">never</span> : <Time at={lastSeen} />;
      },
    },
    { title: "Messages", numeric: true, cell: (row) => of(row).messages.toLocaleString() },
    {
      title: "Refused",
      numeric: true,
      cell: (row) => {
        const { refusals } = of(row);
        return refusals === 0 ? "0" : <span class="limit-refused">{refusals.toLocaleString()}</span>;
      },
    },
    { title: "A day", numeric: true, cell: (row) => of(row).usualPerDay?.toLocaleString() ?? "" },
    { title: "TLS", nowrap: true, cell: (row) => of(row).tls.join(", ") },
    { title: "Log-on", cell: (row) => of(row).mechanisms.join(", ") },
  ];
}

function unknownText({ senders, total, since }: Senders, days: number): string {
  if (since === null) return "Nobody has come yet, as far as the traffic record knows.";
  const period = days === 1 ? "24 hours" : `${days} days`;
  if (total === 0) return `Everybody seen in the last ${period} belongs to an application.`;
  const all = `${total.toLocaleString()} seen in the last ${period}`;
  return senders.length < total
    ? `The busiest ${senders.length.toLocaleString()} of ${all}; the export has all.`
    : `${all}, the busiest first.`;
}
