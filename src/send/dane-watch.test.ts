/** Whose word that data is signed counts, and what follows when it does not. */
import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createDaneWatch } from "./dane-watch.ts";
import { smartHostConnector } from "../testing/test-settings.ts";
import { createDnssecStanding } from "../dns/dnssec-standing.ts";
import type { Exchange } from "../dns/exchange.ts";
import type { NameServer } from "../dns/name-server.ts";
import type { Reply } from "../dns/query-packet.ts";

const server = (address: string, trusted = true): NameServer => ({ address, port: 53, trusted });

/** `AD`, `NOERROR`, `SERVFAIL`, `silent`: to the question for the root's keys, and for the bogus name. */
function standingOf(given: Record<string, readonly [string, string?]>, bogus?: string) {
  const clock = createFakeClock();
  const state = { given, servers: Object.keys(given).map((address) => server(address)), bogus, asked: 0 };
  const exchange: Exchange = ({ address }, { type }) => {
    state.asked++;
    const told = state.given[address]?.[type === "DNSKEY" ? 0 : 1] ?? "silent";
    if (told === "silent") return Promise.resolve({ kind: "silent", detail: "" });
    const packet = { rcode: told === "AD" ? "NOERROR" : told, flag_ad: told === "AD" } as Reply;
    return Promise.resolve({ kind: "reply", packet });
  };
  const standing = createDnssecStanding({
    clock,
    exchange,
    servers: () => state.servers,
    bogusName: () => state.bogus,
  });
  return { state, clock, standing, told: async () => (await standing()).kind };
}

test.each<[string, Record<string, readonly [string, string?]>, string | undefined, string]>([
  ["it checks", { a: ["AD"] }, undefined, "on"],
  ["it does not", { a: ["NOERROR"] }, undefined, "off"],
  ["it refuses to answer", { a: ["REFUSED"] }, undefined, "off"],
  ["it cannot find out: that must not switch DANE off", { a: ["SERVFAIL"] }, undefined, "on"],
  ["one of two does not", { a: ["AD"], b: ["NOERROR"] }, undefined, "off"],
  ["one of two is silent: it answers nothing else either", { a: ["AD"], b: ["silent"] }, undefined, "on"],
  ["it refuses what is forged", { a: ["AD", "SERVFAIL"] }, "bogus.test", "on"],
  ["it believes what is forged", { a: ["AD", "NOERROR"] }, "bogus.test", "off"],
  ["it calls even that signed", { a: ["AD", "AD"] }, "bogus.test", "off"],
  ["nobody is known", {}, undefined, "off"],
])("%s: %s", async (_, given, bogus, kind) => {
  expect(await standingOf(given, bogus).told()).toBe(kind);
});

test("one that is not trusted is not asked, and reason enough", async () => {
  const one = standingOf({ a: ["AD"] });
  one.state.servers = [server("a"), server("192.0.2.1", false)];
  expect(await one.standing()).toMatchObject({ kind: "off", reason: expect.stringContaining("192.0.2.1") });
});

test("a proof counts for an hour, a failure for five minutes, neither for other servers", async () => {
  const one = standingOf({ a: ["AD"], b: ["AD"] });
  one.state.servers = [server("a")];
  await one.standing();
  await one.standing();
  await one.clock.advance(3_599_000);
  await one.standing();
  expect(one.state.asked).toBe(1);
  one.state.given = { a: ["NOERROR"], b: ["AD"] };
  await one.clock.advance(2_000);
  expect(await one.told()).toBe("off");
  one.state.servers = [server("b")];
  expect(await one.told()).toBe("on");
  one.state.servers = [server("a")];
  expect(await one.told()).toBe("off");
  one.state.given = { a: ["AD"] };
  await one.clock.advance(299_000);
  expect(await one.told()).toBe("off");
  await one.clock.advance(2_000);
  expect(await one.told()).toBe("on");
});

test("that DANE is off is told once, and when it is on again; only where a connector wants it", async () => {
  const one = standingOf({ a: ["NOERROR"] });
  const told: string[] = [];
  const watch = createDaneWatch(
    { lookUp: () => new Promise(() => {}), forget: () => {}, dnssec: one.standing },
    one.clock,
    {
      wants: () => true,
      emit: (name) => void told.push(name),
    },
  );
  watch.watch([smartHostConnector([])]);
  await one.clock.advance(3_600_000);
  expect(one.state.asked).toBe(0);
  const wanting = smartHostConnector([], { kind: "dns", daneEnabled: true });
  watch.watch([wanting]);
  await one.clock.advance(3_601_000);
  expect(told).toEqual(["DaneOff"]);
  one.state.given = { a: ["AD"] };
  await one.clock.advance(3_601_000);
  expect(told).toEqual(["DaneOff", "DaneOn"]);
  watch.stop();
  one.state.given = { a: ["NOERROR"] };
  await one.clock.advance(7_200_000);
  watch.watch([wanting]);
  await one.clock.advance(7_200_000);
  expect(told).toEqual(["DaneOff", "DaneOn"]);
});
