/** One application, or one sender without a name: what is known of it, and its day, week and month against its limits. */
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { applicationFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call, may } from "../../api.ts";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { UsageBar } from "../../components/usage-bar.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { dateTimeText, sizeText } from "../../time-text.ts";
import { SettingsDialog } from "../settings/settings-dialog.tsx";
import { textOf } from "../settings/setting-text.ts";
import { Activity, measures } from "./activity.tsx";
import { Findings } from "./findings.tsx";
import { NameDialog } from "./name-dialog.tsx";

export type Shown = Output<"getSenderActivity">;
type Sender = Shown["senders"][number];

type Of = { readonly application: string } | { readonly source: string; readonly user: string };

const everyMs = 10_000;
const facts = applicationFacts;

export function ApplicationView({ of, query }: { of: Of; query: URLSearchParams }) {
  const [shown] = useLoaded("getSenderActivity", of, everyMs);
  const [list, reload] = useLoaded("listApplications", {}, everyMs);
  const [opened, setOpened] = useState(false);
  const name =
    "application" in of ? of.application : of.user === "" ? of.source : `${of.source} as ${of.user}`;
  const application =
    "application" in of
      ? list?.applications.find((one) => one.name.toLowerCase() === of.application.toLowerCase())
      : undefined;
  const measure = measures.find(({ key }) => key === query.get("show")) ?? measures[0];
  const place = Object.fromEntries([...query].filter(([key]) => key !== "show"));
  const close = (): void => {
    setOpened(false);
    reload();
  };
  const [sender] = shown?.senders ?? [];
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p>
            <a href={linkTo("/applications")}>Applications</a>
          </p>
          <h1>{visible(name)}</h1>
        </div>
        <div class="actions">
          {application !== undefined && may("setApplication") && (
            <button type="button" onClick={() => setOpened(true)}>
              Settings…
            </button>
          )}
          {!("application" in of) && sender !== undefined && may("newApplication") && (
            <button type="button" class="primary" onClick={() => setOpened(true)}>
              Name…
            </button>
          )}
        </div>
      </header>
      {shown === undefined ? (
        <p class="muted" role="status">
          Looking…
        </p>
      ) : (
        <>
          <Findings findings={shown.known.findings} />
          <div class="columns">
            <dl class="facts-list">
              {application !== undefined && (
                <Whose settings={application.settings} keys={application.status.apiKeys} />
              )}
              <Facts shown={shown} />
            </dl>
            <Limits shown={shown} />
          </div>
          <nav class="choices" aria-label="Shown">
            {measures.map(({ key, title }) => (
              <a
                key={key}
                href={linkTo("/applications", { ...place, show: key === "messages" ? undefined : key })}
                aria-current={key === measure.key ? "true" : undefined}
              >
                {title}
              </a>
            ))}
          </nav>
          <Activity shown={shown} measure={measure} />
          <h2>Sources</h2>
          <Senders senders={shown.senders} />
        </>
      )}
      {opened && application !== undefined && (
        <SettingsDialog
          title={application.name}
          facts={facts}
          settings={application.settings}
          origins={application.origins}
          change={(settings, whatIf) => call("setApplication", { name: application.name, settings, whatIf })}
          done={`${application.name} is changed.`}
          onClose={close}
        />
      )}
      {opened && !("application" in of) && sender !== undefined && (
        <NameDialog sender={sender} onClose={close} />
      )}
    </div>
  );
}

function Whose({ settings, keys }: { settings: Readonly<Record<string, unknown>>; keys: readonly string[] }) {
  const shown = ["owner", "contact", "purpose", "addresses", "users"] as const;
  return (
    <>
      {shown.map((name) => {
        const text = textOf(settings[name] as Parameters<typeof textOf>[0]);
        return text === "" ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{visible(text)}</dd>
          </Fragment>
        );
      })}
      {keys.length > 0 && (
        <>
          <dt>API keys</dt>
          <dd>{keys.join(", ")}</dd>
        </>
      )}
    </>
  );
}

function Facts({ shown: { known, expectedPerDay, expectedHours } }: { shown: Shown }) {
  const { firstSeen, lastSeen, lastMessage, usualPerDay } = known;
  const rows: readonly (readonly [string, string])[] = [
    ["First seen", firstSeen === null ? "never" : dateTimeText(firstSeen)],
    ["Last seen", lastSeen === null ? "never" : dateTimeText(lastSeen)],
    ["Last message", lastMessage === null ? "none" : dateTimeText(lastMessage)],
    [
      "Messages a day",
      expectedPerDay === null
        ? usualPerDay === null
          ? "not enough is known"
          : `${usualPerDay.toLocaleString()} are usual`
        : `${expectedPerDay.toLocaleString()} are expected`,
    ],
    ["Expected", expectedHours.length === 0 ? "by its own rhythm" : expectedHours.join("; ")],
    [
      "Last 7 days",
      `${known.messages.toLocaleString()} messages, ${known.recipients.toLocaleString()} recipients, ${sizeText(known.octets)}, ${known.refusals.toLocaleString()} refusals`,
    ],
    ["Receive connectors", known.connectors.join(", ")],
    ["Doors", known.doors.join(", ")],
    ["TLS", known.tls.join(", ")],
    ["Log-on", known.mechanisms.join(", ")],
    ["Calls itself", known.heloNames.map(visible).join(", ")],
  ];
  return (
    <>
      {rows.map(([title, text]) => (
        <Fragment key={title}>
          <dt>{title}</dt>
          <dd>{text === "" ? <span class="muted">none</span> : text}</dd>
        </Fragment>
      ))}
    </>
  );
}

/** The highest use of the last day, week and month. */
function Limits({ shown: { limits, hours, days } }: { shown: Shown }) {
  if (limits.length === 0) return <p class="muted">No limit is known to hold for it: it sent nothing yet.</p>;
  const now = Date.now();
  const highest = (rows: Shown["hours"], of: Shown["limits"][number]["limits"], ms: number): number =>
    Math.max(0, ...rows.filter(({ at }) => now - Date.parse(at) < ms).map((row) => row[of]));
  const dayMs = 86_400_000;
  return (
    <div>
      <h2>Against its limits</h2>
      {limits.map(({ setting, value, of, limits: measured }) => {
        const most = value === "unlimited" ? Infinity : value;
        const isByDay = measured === "recipients";
        const [day, week, month] = [
          highest(isByDay ? days : hours, measured, dayMs),
          highest(isByDay ? days : hours, measured, 7 * dayMs),
          highest(days, measured, 31 * dayMs),
        ];
        return (
          <div class="limit" key={`${setting} ${of}`}>
            <div class="limit-head">
              <span>
                {setting} <span class="muted">{of}</span>
              </span>
              <span class="nowrap">
                {value === "unlimited" ? "unlimited" : `of ${value.toLocaleString()}`}
              </span>
            </div>
            <UsageBar value={day} peak={Math.max(week, month)} most={most} />
            <p class="muted">
              Highest: {day.toLocaleString()} in 24 hours, {week.toLocaleString()} in 7 days,{" "}
              {month.toLocaleString()} in 31 days.
            </p>
          </div>
        );
      })}
    </div>
  );
}

function Senders({ senders }: { senders: readonly Sender[] }) {
  return (
    <Table
      label="Sources"
      rows={senders}
      rowKey={({ source, user }) => `${source} ${user}`}
      columns={[
        {
          title: "Source",
          rowHeader: true,
          cell: ({ source }) => <a href={linkTo("/events", { source })}>{source}</a>,
        },
        { title: "User", cell: ({ user }) => visible(user) },
        { title: "Calls itself", wide: true, cell: ({ heloNames }) => heloNames.map(visible).join(", ") },
        {
          title: "Last seen",
          nowrap: true,
          cell: ({ lastSeen }) => (lastSeen === null ? "" : <Time at={lastSeen} />),
        },
        { title: "Messages", numeric: true, cell: ({ messages }) => messages.toLocaleString() },
        { title: "Refused", numeric: true, cell: ({ refusals }) => refusals.toLocaleString() },
        { title: "TLS", cell: ({ tls }) => tls.join(", ") },
      ]}
      empty={<p>Nothing came of it yet.</p>}
    />
  );
}
