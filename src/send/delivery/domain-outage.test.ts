/** Four hours in which a thousand domains cannot be reached, among others that can, on a clock that is told to go on. */
import { expect, test } from "vitest";
import {
  answered,
  dnsConnector,
  ok,
  openScriptedDelivery,
  refused,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";

const minute = 60_000;
const hour = 60 * minute;

test("each is tried by its schedule, none holds up another, and all mail is delivered when it is over", async () => {
  const usual = schedulerSettings(dnsConnector("Net"));
  const transport = { ...usual.transport, outboundConnectionFailureRetryInterval: 40 * minute };
  const delivery = await openScriptedDelivery("LMDB", { ...usual, transport });
  let isDown = true;
  const tries = new Map<string, number>();
  let late = 0;
  delivery.carry = (claim, _connector, _signal, domain) => {
    tries.set(domain, (tries.get(domain) ?? 0) + 1);
    if (isDown && domain.startsWith("down")) return refused;
    if (domain.startsWith("up")) late = Math.max(late, delivery.tested.clock.now() - claim.message.arrivedAt);
    return answered(claim, ok);
  };
  const domains = Array.from({ length: 1000 }, (_, n) => `down${n}.test`);
  await Promise.all(domains.map((domain) => delivery.submit([`x@${domain}`])));
  for (let quarter = 0; quarter < 16; quarter++) {
    await delivery.submit([`x@up${quarter}.test`]);
    await delivery.tested.clock.advance(15 * minute - 1);
  }
  // At once, twice a minute apart, twice five minutes apart, then every forty minutes.
  expect(new Set(domains.map((domain) => tries.get(domain)))).toEqual(new Set([1 + 2 + 2 + 5]));
  expect(late).toBe(0);
  // Whatever their number and their tries, it is told once: twenty by name, and how many more.
  const names = (): readonly string[] =>
    delivery.told.map(({ name }) => name).filter((name) => /Queue/u.test(name));
  const numbers = (name: string): readonly unknown[] =>
    delivery.told.filter((one) => one.name === name).map(({ fields }) => [fields["queues"], fields["total"]]);
  expect(names()).toEqual([...Array.from({ length: 20 }, () => "QueueRetry"), "DomainQueuesRetry"]);
  expect(numbers("DomainQueuesRetry")).toEqual([[980, 1000]]);
  expect(delivery.scheduler.snapshot().filter(({ status }) => status === "Retry")).toHaveLength(1000);
  isDown = false;
  await delivery.tested.clock.advance(hour);
  expect(delivery.tested.spool.size).toBe(0);
  expect(delivery.scheduler.snapshot()).toHaveLength(1);
  expect(names().slice(21)).toEqual([
    ...Array.from({ length: 20 }, () => "QueueActive"),
    "DomainQueuesActive",
  ]);
  expect(numbers("DomainQueuesActive")).toEqual([[980, 0]]);
  await delivery.close();
});

test("what is told as a number names no connector that is gone by then", async () => {
  const delivery = await openScriptedDelivery("LMDB", schedulerSettings(dnsConnector("Net")));
  delivery.carry = () => refused;
  await Promise.all(Array.from({ length: 30 }, (_, n) => delivery.submit([`x@down${n}.test`])));
  await delivery.tested.clock.advance(1000);
  expect(delivery.told.filter(({ name }) => name === "QueueRetry")).toHaveLength(20);
  await delivery.scheduler.reconfigure(schedulerSettings(dnsConnector("Other")));
  await delivery.tested.clock.advance(2 * minute);
  const sums = delivery.told.filter(({ name }) => name === "DomainQueuesRetry");
  expect(sums.map(({ fields }) => fields["connector"])).toEqual(["Other"]);
  await delivery.close();
});

test("the number of those that fail is of one connector, whatever others do", async () => {
  const [near, far] = [
    dnsConnector("Near", { addressSpaces: [{ domain: "near.test", subdomains: true, cost: 1 }] }),
    dnsConnector("Far"),
  ];
  const delivery = await openScriptedDelivery("LMDB", schedulerSettings(near, far));
  delivery.carry = (claim, _connector, _signal, domain) =>
    domain.startsWith("up") ? answered(claim, ok) : refused;
  await Promise.all(
    Array.from({ length: 25 }, (_, n) => [`x@${n}.near.test`, `x@${n}.far.test`, `x@up${n}.far.test`])
      .flat()
      .map((to) => delivery.submit([to])),
  );
  await delivery.tested.clock.advance(minute);
  const sums = delivery.told.filter(({ name }) => name === "DomainQueuesRetry");
  expect(
    sums.map(({ fields }) => [fields["connector"], fields["queues"], fields["total"]].join()).sort(),
  ).toEqual(["Far,5,25", "Near,5,25"]);
  await delivery.close();
});
