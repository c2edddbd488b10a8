/** A real relay in this process with a configuration file and its admin API, as `weir start` puts them together. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AdminClient, connectAdmin } from "../admin/client.ts";
import { openAdmin, type Admin } from "../admin/open-admin.ts";
import { fileStore, fileText } from "../config/file-store.ts";
import { createLiveConfiguration, type LiveConfiguration } from "../config/live-configuration.ts";
import { parseConfig } from "../config/parse-config.ts";
import type { EventRecord } from "../events/events.ts";
import { createRelay } from "../relay.ts";
import type { Relay } from "../relay-contract.ts";
import { placeSelfSigned } from "./self-signed-pairs.ts";

export interface AdministeredRelay {
  readonly relay: Relay;
  readonly configuration: LiveConfiguration;
  readonly admin: Admin;
  readonly client: AdminClient;
  readonly file: string;
  readonly dataDirectory: string;
  readonly events: readonly EventRecord[];
  /** The file's text now. */
  text(): Promise<string>;
  /** Stops it; keeps its files. */
  halt(): Promise<void>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** `text` without hostname and dataDirectory. `directory` of an earlier one takes it over. */
export async function startAdministeredRelay(
  text: string,
  given: {
    readonly directory?: string;
    readonly dataDirectory?: string;
  } = {},
): Promise<AdministeredRelay> {
  const directory = given.directory ?? (await mkdtemp(join(tmpdir(), "weir-admin-")));
  const file = join(directory, "weir.yaml");
  const dataDirectory = join(directory, given.dataDirectory ?? "data");
  await placeSelfSigned(dataDirectory);
  const whole = `hostname: relay.test\ndataDirectory: ${given.dataDirectory ?? "data"}\n${text}`;
  await writeFile(file, whole);
  const parsed = parseConfig(whole, { file });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const relay = await createRelay(parsed.settings);
  const events: EventRecord[] = [];
  relay.events.subscribe((record) => events.push(record));
  await relay.start();
  const configuration = createLiveConfiguration({
    store: fileStore(file),
    written: fileText(whole),
    parsed,
    relay,
  });
  const watch = configuration.follow();
  const admin = await openAdmin({ relay, configuration });
  const halt = async (): Promise<void> => {
    watch.close();
    await admin.close();
    await relay.stop("the test is over", 500);
  };
  return {
    relay,
    configuration,
    admin,
    client: await connectAdmin({ dataDirectory }),
    file,
    dataDirectory,
    events,
    text: () => readFile(file, "utf8"),
    halt,
    async stop() {
      await halt();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
