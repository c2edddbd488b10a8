import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createSystemClock, createSystemDns, systemDial } from "./system-ports.ts";

describe("the system clock", () => {
  it("follows the wall clock and runs timers once, unless they are cancelled", async () => {
    const clock = createSystemClock();
    const [before, now, after] = [Date.now(), clock.now(), Date.now()];
    // By another clock than these: parts of a millisecond, and what the wall clock is slewed by.
    expect(now).toBeGreaterThan(before - 1_000);
    expect(now).toBeLessThan(after + 1_000);
    const cancelled = clock.after(0, () => expect.unreachable());
    cancelled.cancel();
    cancelled.cancel();
    clock.after(2 ** 40, () => expect.unreachable()).cancel();
    // Weir's timers do not keep the process alive; this one does.
    const alive = setTimeout(() => undefined, 10_000);
    await new Promise<void>((resolve) => void clock.after(1, resolve));
    clearTimeout(alive);
  });
});

describe("names", () => {
  const dns = createSystemDns();
  it.each([
    ["127.0.0.1", ["127.0.0.1"]],
    ["::1", ["::1"]],
    ["[::1]", ["::1"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["LOCALHOST", ["127.0.0.1", "::1"]],
  ])("%s needs no resolver", async (host, expected) => expect(await dns.addresses(host)).toEqual(expected));

  it.each(["", "a\0b", "a b", "nowhere.invalid"])("%j is no host", async (host) => {
    await expect(dns.addresses(host)).rejects.toThrow();
  });
});

describe("dialling", () => {
  it("connects, fails, and gives up", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const target = { address: "127.0.0.1", port, signal: new AbortController().signal };
    const socket = await systemDial(target);
    socket.destroy();
    server.close();
    await once(server, "close");
    await expect(systemDial(target)).rejects.toThrow(/ECONNREFUSED/);

    const given = new AbortController();
    const dialled = systemDial({ address: "192.0.2.1", port: 25, signal: given.signal });
    given.abort(new Error("enough"));
    await expect(dialled).rejects.toThrow(/enough|ENETUNREACH|EHOSTUNREACH/);
    await expect(systemDial({ ...target, signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
  });
});
