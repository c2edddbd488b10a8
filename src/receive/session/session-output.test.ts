import { expect, test } from "vitest";
import { SessionOutput } from "./session-output.ts";
import type { SessionTranscript } from "./transcript.ts";

const ready = { code: 220, text: "ready" } as const;
const fine = { code: 250, status: "2.0.0", text: "fine" } as const;

function outputTo(takes: () => boolean) {
  const written: string[] = [];
  const told: string[] = [];
  let pauses = 0;
  const connection = {
    write: (text: string | Buffer) => takes() && written.push(String(text)) > 0,
    pause: () => void pauses++,
  };
  const transcript = { reply: (text: string) => void told.push(text) } as unknown as SessionTranscript;
  const output = new SessionOutput(connection, transcript);
  return { output, written, told, pauses: () => pauses };
}

test("replies leave in one write, each told to the transcript as it stands on the wire", () => {
  const { output, written, told } = outputTo(() => true);
  output.add(ready, false);
  output.add(fine, true);
  expect(written).toEqual([]);
  output.flush();
  output.flush();
  expect(told).toEqual(["220 ready\r\n", "250 2.0.0 fine\r\n"]);
  expect(written).toEqual([told.join("")]);
  expect(output.isFull).toBe(false);
});

test("a client that reads no replies is read no further", () => {
  const { output, pauses } = outputTo(() => false);
  output.add(fine, true);
  output.flush();
  expect([output.isFull, pauses()]).toEqual([true, 1]);
});
