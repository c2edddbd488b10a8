/** An SMTP carrier to a server of the test, with what it told. */
import type { SmtpSendConnector } from "../core/policy/send-connector.ts";
import type { EventName } from "../events/catalogue.ts";
import type { FieldValue } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import { createSystemPorts } from "../ports/system-ports.ts";
import type { AttemptResult, Carrier } from "../send/delivery/delivery.ts";
import { createSmtpCarrier, type SmtpCarrierSettings } from "../send/delivery/smtp/smtp-carrier.ts";
import { smartHostConnector } from "./test-settings.ts";

export interface TestSmtpCarrier {
  readonly carrier: Carrier;
  readonly told: readonly {
    readonly name: EventName;
    readonly fields: Readonly<Record<string, FieldValue>>;
  }[];
}

export interface TestSmtpCarrierSettings {
  readonly connector?: Partial<SmtpSendConnector>;
  readonly clock?: Clock;
  readonly more?: Partial<SmtpCarrierSettings>;
}

/** `ports`: of 127.0.0.1, tried in this order. */
export function testSmtpCarrier(
  ports: number | readonly number[],
  { connector, clock, more }: TestSmtpCarrierSettings = {},
): TestSmtpCarrier {
  const told: { name: EventName; fields: Readonly<Record<string, FieldValue>> }[] = [];
  const whole = smartHostConnector(ports, connector);
  const system = createSystemPorts();
  const carrier = createSmtpCarrier({
    connector: whole,
    nextHop: whole.smartHosts,
    ports: { ...system, random: () => 0, clock: clock ?? system.clock },
    events: { wants: () => true, emit: (name, fields) => void told.push({ name, fields }) },
    ...more,
  });
  return { carrier, told };
}

/** A result in a few words: `250 2.0.0 Ok` per recipient as `delivered:<text>`, in recipient order. */
export function brief(result: AttemptResult): string | string[] {
  if (result.kind !== "attempted") return result.kind;
  const sorted = [...result.outcomes].sort((a, b) => a.index - b.index);
  return sorted.map(({ kind, verdict }) => `${kind}: ${verdict.text}`);
}
