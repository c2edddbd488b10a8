import { describe, expect, it } from "vitest";
import { createPeerMemory, type NextHopHost, type Peer } from "./peer.ts";
import { anyoneLeft, hostsInTurn, mayAsk, peersInOrder } from "./peer-order.ts";

const memory = createPeerMemory();
const a = memory.host({ host: "a.test", port: 25 });
const b = memory.host({ host: "b.test", port: 25 });
const at = (host: NextHopHost, address: string, avoidUntil = 0): Peer =>
  Object.assign(memory.peer(host, address), { avoidUntil });
const addresses = (peers: readonly Peer[]): string[] => peers.map(({ address }) => address);

describe("peersInOrder", () => {
  it("takes the families in turn", () => {
    const peers = ["2001::1", "2001::2", "192.0.2.1", "192.0.2.2"].map((address) => at(a, address));
    expect(addresses(peersInOrder([peers], 0))).toEqual(["2001::1", "192.0.2.1", "2001::2", "192.0.2.2"]);
  });
  it("puts those that failed lately behind all hosts, the first to come back first", () => {
    const order = peersInOrder([[at(a, "1.1.1.1", 50), at(a, "1.1.1.2")], [at(b, "1.1.1.3", 40)]], 10);
    expect(addresses(order)).toEqual(["1.1.1.2", "1.1.1.3", "1.1.1.1"]);
    expect(addresses(peersInOrder([[at(a, "1.1.1.1", 50), at(a, "1.1.1.2")]], 50))).toEqual([
      "1.1.1.1",
      "1.1.1.2",
    ]);
  });
  it("puts those that do not suit last of all", () => {
    const order = peersInOrder(
      [[at(a, "1.1.1.1"), at(a, "1.1.1.2", 50)]],
      10,
      ({ avoidUntil }) => avoidUntil > 0,
    );
    expect(addresses(order)).toEqual(["1.1.1.2", "1.1.1.1"]);
  });
  it("is bounded for each host, and a dead address takes no live one's place", () => {
    const peers = Array.from({ length: 20 }, (_, n) => at(a, `192.0.2.${n}`, n < 12 ? 50 : 0));
    expect(addresses(peersInOrder([peers], 10))).toEqual(addresses(peers.slice(12)));
  });
});

describe("asking in one attempt", () => {
  const peers = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => at(a, address));
  it("goes to two addresses of a host at most, and to none twice", () => {
    const [first, second, third] = peers as [Peer, Peer, Peer];
    expect(mayAsk([], first)).toBe(true);
    expect(mayAsk([first], first)).toBe(false);
    expect(mayAsk([first], second)).toBe(true);
    expect(mayAsk([first, second], third)).toBe(false);
  });
  it("ends when nobody is left; a host never resolved may have somebody", () => {
    const [first, second] = peers as [Peer, Peer];
    a.peers = peers;
    expect(anyoneLeft([first, second], [a])).toBe(false);
    expect(anyoneLeft([first], [a])).toBe(true);
    expect(anyoneLeft([first, second], [a, b])).toBe(true);
  });
  it("begins with another host each time", () => {
    expect(hostsInTurn([a, b], 3).map(({ name }) => name)).toEqual(["b.test", "a.test"]);
  });
});
