/** About: which relay this is, whether it is well, its certificates, and who may use this console. */
import type { Output } from "../../../../src/admin/contract.ts";
import { may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { useLoaded } from "../../load.ts";
import { linkTo } from "../../router.ts";
import { dateTimeText, durationText, relativeText } from "../../time-text.ts";
import { Connectivity } from "./connectivity.tsx";
import { Resources } from "./resources.tsx";
import { Tokens } from "./tokens.tsx";

type About = Output<"about">;

/** Less, and somebody had better see to a new one. */
const soonMs = 30 * 86_400_000;

export function AboutPage() {
  const [about] = useLoaded("about", {}, 10_000);
  return (
    <div class="page">
      <h1>About</h1>
      {about !== undefined && <Health about={about} />}
      <Resources />
      {about !== undefined && <ThisRelay about={about} />}
      {about !== undefined && <Certificates certificates={about.certificates} />}
      {may("testConnectivity") && <Connectivity />}
      {may("listAdminTokens") && <Tokens />}
    </div>
  );
}

function Health({ about: { ready, reasons, configuration } }: { about: About }) {
  return (
    <section class="card" aria-label="Health">
      <div class="card-head">
        <h2>Health</h2>
        <Badge kind={ready ? "good" : "error"} text={ready ? "takes mail" : "takes no mail"} />
        {configuration === "rejected" && <Badge kind="warning" text="configuration file has faults" />}
      </div>
      {reasons.map((reason) => (
        <p key={reason} class="fault">
          {reason[0]?.toUpperCase()}
          {reason.slice(1)}.
        </p>
      ))}
      {configuration === "rejected" && (
        <p>
          The configuration before holds.{" "}
          <a href={linkTo("/events", { category: "Configuration" })}>What is wrong with the file</a>
        </p>
      )}
      <p class="muted">
        For monitoring: <code>/readyz</code>, <code>/livez</code> and <code>/metrics</code>.
      </p>
    </section>
  );
}

function ThisRelay({ about }: { about: About }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Version", about.version],
    ["Host name", about.hostname],
    ...(about.node === null ? [] : [["Node", about.node] as const]),
    [
      "Running since",
      `${dateTimeText(about.startedAt)}, ${durationText(Date.now() - Date.parse(about.startedAt))}`,
    ],
    ["Process", String(about.pid)],
    ["Configuration file", about.configFile ?? "none: started without a file"],
    ["Data directory", about.dataDirectory],
    ["Listening on", about.listeners.length === 0 ? "nothing" : about.listeners.join(", ")],
    ["Open sessions", about.sessions.toLocaleString()],
    ["Messages queued", about.queued.toLocaleString()],
  ];
  return (
    <section class="card" aria-label="This relay">
      <h2>This relay</h2>
      <dl class="facts-list">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Certificates({ certificates }: { certificates: About["certificates"] }) {
  return (
    <section class="card" aria-label="Certificates">
      <h2>Certificates</h2>
      <Table
        label="Certificates"
        rows={certificates}
        rowKey={({ file }) => file}
        empty={<p>None is in use: no connector offers STARTTLS.</p>}
        columns={[
          { title: "Subject", rowHeader: true, wide: true, cell: ({ subject }) => subject },
          {
            title: "Expires",
            cell: ({ validTo }) => {
              const leftMs = Date.parse(validTo) - Date.now();
              return (
                <>
                  {dateTimeText(validTo).slice(0, 10)}{" "}
                  <Badge
                    kind={leftMs <= 0 ? "error" : leftMs < soonMs ? "warning" : "good"}
                    text={leftMs <= 0 ? "expired" : relativeText(validTo)}
                  />
                </>
              );
            },
          },
          { title: "File", wide: true, cell: ({ file }) => file },
        ]}
      />
    </section>
  );
}
