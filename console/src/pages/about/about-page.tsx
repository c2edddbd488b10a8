/** About: which relay this is. */
import { useLoaded } from "../../load.ts";

export function AboutPage() {
  const [about] = useLoaded("about", {}, 10_000);
  const facts: readonly (readonly [string, string])[] =
    about === undefined
      ? []
      : [
          ["Version", about.version],
          ["Host name", about.hostname],
          ["Running since", new Date(about.startedAt).toLocaleString()],
          ["Process", String(about.pid)],
          ["Configuration file", about.configFile ?? "none: started without a file"],
          ["Data directory", about.dataDirectory],
          ["Listening on", about.listeners.join(", ")],
          ["Open sessions", about.sessions.toLocaleString()],
          ["Messages queued", about.queued.toLocaleString()],
        ];
  return (
    <div class="page">
      <h1>About</h1>
      <section class="card" aria-label="This relay">
        <dl class="facts-list">
          {facts.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </section>
    </div>
  );
}
