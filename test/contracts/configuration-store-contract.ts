/** What every place where a configuration stands promises: one suite for the file and for the document that nodes share. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ConfigurationStore,
  isSameConfiguration,
  type WrittenConfiguration,
} from "../../src/config/configuration-store.ts";
import { createLiveConfiguration, type LiveConfiguration } from "../../src/config/live-configuration.ts";
import { asAuthor } from "../../src/config/change-author.ts";
import type { Settings } from "../../src/config/settings.ts";
import { createEventLog } from "../../src/events/event-log.ts";

/** What commands change, in every store. */
export const sharedText = `receiveConnectors:
  - name: A   # first
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    maxHopCount: 10
`;

/** A node's own file where the rest is shared. */
export const ownText = `hostname: relay.test # here
dataDirectory: data
`;

export interface TestedStore {
  readonly store: ConfigurationStore;
  /** Puts a text there behind the store's back, as an editor or another node does. */
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/** The place holds `sharedText`, whatever stands beside it. */
export function describeConfigurationStore(name: string, open: () => Promise<TestedStore>): void {
  describe(name, () => {
    let tested: TestedStore;
    let store: ConfigurationStore;
    beforeEach(async () => {
      tested = await open();
      ({ store } = tested);
    });
    afterEach(() => tested.end());
    const by = { name: "anna", from: "10.0.0.9", doing: "setReceiveConnector A" };
    const textWith = (hops: number, of: WrittenConfiguration): string => of.text.replace(/\b10\b/, `${hops}`);

    test("gives back what was written, to the octet", async () => {
      const before = await store.read();
      const text = `${textWith(20, before)}# ü\r\n`;
      const after = await store.replace(before, text, by);
      expect(after.text).toBe(text);
      expect(isSameConfiguration(after, before)).toBe(false);
      expect(await store.read()).toEqual(after);
    });

    test("takes a change of what is there only, whole or not at all", async () => {
      const before = await store.read();
      await tested.write(textWith(11, before));
      await expect(store.replace(before, textWith(20, before), by)).rejects.toMatchObject({
        name: "ConfigurationFileError",
        code: "fileChanged",
      });
      expect((await store.read()).text).toBe(textWith(11, before));
    });

    test("of two at once takes one", async () => {
      const before = await store.read();
      const done = await Promise.allSettled(
        [20, 21, 22].map((hops) => store.replace(before, textWith(hops, before), by)),
      );
      const won = done.flatMap((each) => (each.status === "fulfilled" ? [each.value.text] : []));
      expect(won.length).toBeGreaterThan(0);
      const { text } = await store.read();
      expect(won).toContain(text);
    });

    test("tells every fault with its place, and nothing else of what is right", async () => {
      const before = await store.read();
      const parsed = store.parse({ ...before, text: `${before.text}transport: { maxHops: 1 }\nuserz: []\n` });
      expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toEqual(["transport.maxHops", "userz"]);
      expect(store.parse(before).ok).toBe(true);
    });

    test("says when it is another, and waits until that was looked at", async () => {
      const first = await store.read();
      await store.tell(first, []);
      const found: string[] = [];
      let told = Promise.resolve();
      const watch = store.watch(() => {
        told = store.read().then((written) => {
          // It may be said once at the beginning too, and where two look at the same moment.
          if (written.text !== (found.at(-1) ?? first.text)) found.push(written.text);
          return store.tell(written, []);
        });
        return told;
      });
      try {
        const another = textWith(12, first);
        await tested.write(another);
        await expect.poll(() => found).toEqual([another]);
      } finally {
        watch.close();
        await told;
      }
    });

    describe("under a relay", () => {
      let live: LiveConfiguration;
      let settings: Settings;
      const told: string[] = [];
      beforeEach(async () => {
        const written = await store.read();
        const parsed = store.parse(written);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
        ({ settings } = parsed);
        const events = createEventLog({ clock: { wall: () => new Date() }, levels: {} });
        told.length = 0;
        events.subscribe((record) => told.push(record.name));
        live = createLiveConfiguration({
          store,
          written,
          parsed,
          relay: {
            get settings() {
              return settings;
            },
            events,
            failedListeners: () => [],
            reconfigure(next) {
              settings = next;
              return Promise.resolve();
            },
          },
        });
      });
      const hops = (): number | undefined => settings.receiveConnectors[0]?.maxHopCount;

      test("a change is written with its comments, applied, and not applied again when it is found", async () => {
        const watch = live.follow();
        try {
          const outcome = await asAuthor(by, () =>
            live.edit(
              { kind: "set", section: "receiveConnectors", name: "A", settings: { maxHopCount: 20 } },
              false,
            ),
          );
          expect(outcome).toMatchObject({ kind: "changed", applied: true });
          expect(hops()).toBe(20);
          expect((await store.read()).text).toContain("name: A   # first");
          await tested.write(textWith(30, { ...(await store.read()), text: sharedText }));
          await expect.poll(hops).toBe(30);
          await expect.poll(() => told).toEqual(["ConfigurationApplied", "ConfigurationApplied"]);
        } finally {
          watch.close();
        }
      });

      test("one with faults changes nothing there, and one that comes with faults changes nothing here", async () => {
        const { text } = await store.read();
        expect(
          await live.edit({ kind: "setSection", section: "transport", settings: { maxHops: 1 } }, false),
        ).toMatchObject({ kind: "faults", faults: [{ path: "transport.maxHops" }] });
        expect((await store.read()).text).toBe(text);
        await tested.write("receiveConnectors: 5\n");
        expect(await live.reload()).toMatchObject({ kind: "faults" });
        expect(hops()).toBe(10);
        expect(live.rejected).toMatchObject([{ path: "receiveConnectors" }]);
        await tested.write(text);
        expect(await live.reload()).toMatchObject({ kind: "changed" });
        expect(live.rejected).toEqual([]);
      });

      test("an earlier version becomes the newest, where versions are kept", async () => {
        const { history } = live;
        const first = await store.read();
        await asAuthor(by, () =>
          live.edit(
            { kind: "set", section: "receiveConnectors", name: "A", settings: { maxHopCount: 20 } },
            false,
          ),
        );
        const back = await asAuthor({ ...by, doing: "restore" }, () => live.restore(first.version, false));
        if (history === undefined) {
          expect(back).toMatchObject({ kind: "refused", refused: { code: "notFound" } });
          return;
        }
        expect(back).toMatchObject({ kind: "changed", applied: true });
        expect(hops()).toBe(10);
        const now = await store.read();
        expect(now).toMatchObject({ text: first.text, version: first.version + 2 });
        expect(await history.versions(2)).toMatchObject([
          { version: now.version, by: { ...by, doing: "restore" } },
          { version: now.version - 1, by },
        ]);
        expect(await live.restore(4711, false)).toMatchObject({ kind: "refused" });
        expect(await history.applied()).toMatchObject([{ version: now.version, faults: [] }]);
      });
    });
  });
}
