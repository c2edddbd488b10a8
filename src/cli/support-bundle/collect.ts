/** What a support bundle says: numbers, instants, and words that are Weir's own. */
import { readdir, readFile, stat } from "node:fs/promises";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { configurationJsonSchema } from "../../config/json-schema.ts";
import { readYaml } from "../../config/yaml-source.ts";
import { catalogue } from "../../events/catalogue.ts";
import { eventStoreDirectory } from "../../events/store/event-store.ts";
import { readEvents } from "../../events/store/read-events.ts";
import type { StoredEvent } from "../../events/store/stored-event.ts";
import { version } from "../../version.ts";
import type { Patient } from "../doctor/context.ts";
import { examine } from "../doctor/examine.ts";
import { createPseudonyms, shapeOf } from "./shape.ts";
import { toldEvents } from "./told-events.ts";
import { vocabularyOf } from "./vocabulary.ts";

const eventsOfDays = 7;
const mostEvents = 100_000;

export async function collect(patient: Patient) {
  const { now, relay, dataDirectory } = patient;
  const pseudonyms = createPseudonyms();
  const words = vocabularyOf(configurationJsonSchema());
  const text = await readFile(patient.configFile, "utf8");
  const shapeIn = (yaml: string) => {
    const source = readYaml(yaml);
    return shapeOf(source.ok ? source.value : source.rest?.value, words, pseudonyms);
  };
  const { parsed, sharedText } = patient;
  const findings = await examine(patient);
  const events = await eventsSince(new Date(now.getTime() - eventsOfDays * 86_400_000), dataDirectory);
  return {
    madeAt: now.toISOString(),
    weir: version,
    system: {
      node: process.versions.node,
      platform: process.platform,
      arch: arch(),
      release: /^[\w.-]{1,40}/.exec(release())?.[0] ?? "",
      cpus: cpus().length,
      memoryBytes: totalmem(),
    },
    // Their texts name things.
    findings: findings.map(({ check, level, code }) => ({ check, level, code })),
    configuration: {
      // Null: nobody knows.
      faults: parsed === undefined ? null : parsed.ok ? 0 : parsed.faults.length,
      shape: shapeIn(text),
      ...(sharedText === undefined ? {} : { shared: shapeIn(sharedText) }),
    },
    relay: relay === undefined ? null : await asked(relay, (name) => pseudonyms.of(name)),
    formats: await formatsIn(dataDirectory),
    sizes: await sizesIn(dataDirectory),
    // Null: this user may not read them.
    events: events === undefined ? null : toldEvents(events),
  };
}

async function asked({ client, about }: NonNullable<Patient["relay"]>, pseudonym: (name: string) => string) {
  const [{ queues }, pressure, { connectors }] = await Promise.all([
    client.call("listQueues", {}),
    client.call("getResourcePressure", {}),
    client.call("listReceiveConnectors", {}),
  ]);
  return {
    version: about.version,
    startedAt: about.startedAt,
    ready: about.ready,
    configuration: about.configuration,
    isSuspended: about.suspended !== null,
    sessions: about.sessions,
    queued: about.queued,
    listeners: about.listeners.length,
    certificatesUntil: about.certificates.map(({ validTo }) => validTo),
    queues: queues.map((queue) => ({
      queue: pseudonym(queue.identity),
      connector: queue.connector === null ? null : pseudonym(queue.connector),
      deliveryType: /^[A-Za-z]{1,40}$/.exec(queue.deliveryType)?.[0] ?? null,
      status: /^[A-Za-z]{1,40}$/.exec(queue.status)?.[0] ?? null,
      messages: queue.messages,
      running: queue.running,
      waiting: queue.waiting,
      retryCount: queue.retryCount,
      lastCode: /^(\d{3}(?: \d\.\d{1,3}\.\d{1,3})?)\b/.exec(queue.lastError ?? "")?.[1] ?? null,
      firstRetryAt: queue.firstRetryAt,
      nextRetryAt: queue.nextRetryAt,
      incomingRate: queue.incomingRate,
      outgoingRate: queue.outgoingRate,
    })),
    receiveConnectors: connectors.map(({ name, status: { openConnections, endpoints } }) => ({
      connector: pseudonym(name),
      openConnections,
      endpoints: endpoints.length,
      notListening: endpoints.filter(({ reason }) => reason !== null).length,
    })),
    pressure: {
      level: pressure.level,
      resources: pressure.resources.map(({ resource, level, current }) => ({ resource, level, current })),
    },
  };
}

async function formatsIn(dataDirectory: string): Promise<object | null> {
  try {
    const { formats } = JSON.parse(await readFile(join(dataDirectory, "format.json"), "utf8")) as {
      formats: Record<string, { format: number }>;
    };
    return Object.fromEntries(
      Object.entries(formats).flatMap(([name, { format }]) =>
        /^[A-Za-z]{1,40}$/.test(name) && Number.isSafeInteger(format) ? [[name, format]] : [],
      ),
    );
  } catch {
    return null;
  }
}

/** Of the data directory's own parts. */
async function sizesIn(dataDirectory: string): Promise<object> {
  const parts = [
    "spool",
    "spool/bodies",
    "spool/journal",
    "spool/damaged",
    "events",
    "logs/MessageTracking",
    "logs/SmtpReceive",
    "logs/SmtpSend",
    "captured",
  ];
  const sizes: Record<string, { files: number; bytes: number }> = {};
  for (const part of parts) {
    let [files, bytes] = [0, 0];
    const entries = await readdir(join(dataDirectory, part), {
      recursive: part === "spool/bodies",
      withFileTypes: true,
    }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
      files++;
      bytes += found?.size ?? 0;
    }
    sizes[part] = { files, bytes };
  }
  return sizes;
}

/** From the files, so that it works without a relay; names that are not Weir's are left out. Undefined: they cannot be read. */
async function eventsSince(since: Date, dataDirectory: string): Promise<readonly StoredEvent[] | undefined> {
  const family = { directory: eventStoreDirectory(dataDirectory), prefix: "EVENTS", extension: "jsonl" };
  const found = await readEvents(family, [], { limit: mostEvents, since }, (event) => event).catch(
    () => undefined,
  );
  return found?.filter(({ name, at }) => Object.hasOwn(catalogue, name) && /^[\dTZ:.-]{20,30}$/.test(at));
}
