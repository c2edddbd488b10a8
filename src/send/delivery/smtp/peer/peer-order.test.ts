import { expect, test } from "vitest";
import { createPeerMemory, type Peer } from "./peer.ts";
import { hostsInTurn, mayAsk, peersInOrder } from "./peer-order.ts";

const memory = createPeerMemory();
const hosts = ["a.test", "b.test", "c.test"].map((host) => memory.host({ host, port: 25 }));
const [first, second] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];
/** `4` and `6` are families, the name after it is the address; `!n`: failed, tried last until n. */
const peersOf = (host: (typeof hosts)[0], text: string): Peer[] =>
  text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [name = "", until = "0"] = word.split("!");
      const address = name.startsWith("6") ? `::${name.slice(1)}` : name.slice(1);
      return { ...memory.peer(host, address), avoidUntil: Number(until) };
    });
const names = (peers: readonly Peer[]): string =>
  peers.map(({ address }) => address.replace("::", "")).join(" ");

test.each([
  [0, "a.test b.test c.test"],
  [1, "b.test c.test a.test"],
  [5, "c.test a.test b.test"],
])("from %d on the hosts come %s", (start, order) => {
  expect(
    hostsInTurn(hosts, start)
      .map(({ name }) => name)
      .join(" "),
  ).toBe(order);
  expect(hostsInTurn([], start)).toEqual([]);
});

test.each<[string, string[], string]>([
  ["none", ["", ""], ""],
  ["hosts as given", ["4a", "4b"], "a b"],
  ["families in turn, DNS's first family first", ["6a 6b 4c 4d 6e"], "a c b d e"],
  ["more of the other family", ["4a 6b 6c 6d"], "a b c d"],
  ["failed ones last, the soonest over first", ["4a!30 4b 4c!20", "4d"], "b d c a"],
  ["failures that are over", ["4a!10 4b"], "a b"],
  ["failures that end in a moment", ["4a!11 4b"], "b a"],
  ["eight of one host", ["4a 4b 4c 4d 4e 4f 4g 4h 4i", "4j"], "a b c d e f g h j"],
  [
    "of many those that never failed, else the longest ago",
    ["4a!9 4b 4c!5 4d!8 4e 4f 4g!7 4h!6 4i 4j"],
    "b c e f g h i j",
  ],
  ["of a host with failed ones the others", ["4a!20 4b 4c 4d 4e 4f 4g 4h 4i"], "b c d e f g h i"],
])("addresses: %s", (_, texts, order) => {
  const peers = texts.map((text, n) => peersOf(hosts[n] ?? first, text));
  expect(names(peersInOrder(peers, 10))).toBe(order);
});

test("those that do not suit come last of all", () => {
  const peers = peersOf(first, "4a 4b!20 4c 4d!15");
  const suits = ({ address }: Peer): boolean => address !== "a" && address !== "d";
  expect(names(peersInOrder([peers], 10, suits))).toBe("c b a d");
});

test("two of each host may be asked, none of them twice", () => {
  const [a, b, c] = peersOf(first, "4a 4b 4c") as [Peer, Peer, Peer];
  const [d] = peersOf(second, "4d") as [Peer];
  expect(mayAsk([], a)).toBe(true);
  expect(mayAsk([a], a)).toBe(false);
  expect(mayAsk([a], b)).toBe(true);
  expect(mayAsk([a, b], c)).toBe(false);
  expect(mayAsk([a, b], d)).toBe(true);
  expect(mayAsk([d, a], b)).toBe(true);
});
