import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { readMessage } from "./read-message.ts";

test("a head of many recipients is looked at a few times, not once for each piece of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-read-"));
  const file = await open(join(folder, "x.eml"), "w+");
  try {
    const lines = Array.from({ length: 100_000 }, (_, n) => `X-Receiver: <recipient-${n}@d.test>\r\n`);
    await file.writeFile(`X-Sender: <a@s.test>\r\n${lines.join("")}Subject: s\r\n\r\nbody\r\n`);
    const looks = vi.spyOn(Buffer, "concat");
    const { envelope, content } = await readMessage(
      "Replay",
      file,
      await file.stat(),
      { maxHeaderBytes: 65_536, maxRecipients: 100, hostname: "r.test" },
      new Date(),
    );
    expect(envelope.recipients).toHaveLength(100_000);
    expect(looks.mock.calls.length).toBeLessThan(12);
    looks.mockRestore();
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("Subject: s\r\n\r\nbody\r\n");
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
});
