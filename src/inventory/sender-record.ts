/** A sender in octets, as it is kept: its facts as JSON, then its rows as numbers. */
import { OctetReader } from "../core/traffic/octet-reader.ts";
import { OctetWriter } from "../core/traffic/octet-writer.ts";
import type { Sender } from "../core/inventory/sender.ts";
import { Volume, width } from "../core/inventory/volume.ts";

const version = 1;
const roomBytes = 2_048;

export function senderRecord(sender: Sender): Buffer {
  const { hours, days, ...facts } = sender;
  const writer = new OctetWriter(roomBytes);
  writer.number(version);
  writer.text(JSON.stringify(facts));
  for (const volume of [hours, days]) {
    writer.number(volume.rowCount);
    for (const cell of volume.cells) writer.number(cell);
  }
  return writer.take();
}

/** Undefined: it cannot be read. */
export function readSenderRecord(octets: Uint8Array): Sender | undefined {
  try {
    const reader = new OctetReader(octets);
    if (reader.number() !== version) return undefined;
    const facts = JSON.parse(reader.text()) as Omit<Sender, "hours" | "days" | "lost"> &
      Partial<Pick<Sender, "lost">>;
    const volume = (): Volume =>
      new Volume(Array.from({ length: reader.number() * width }, () => reader.number()));
    const hours = volume();
    return { ...facts, lost: facts.lost, hours, days: volume() };
  } catch {
    return undefined;
  }
}
