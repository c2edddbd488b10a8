/** A spool filled without SMTP: a million messages in minutes, in the state in which a next hop that is down leaves them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../src/config/parse-config.ts";
import { createSystemClock } from "../src/ports/system-ports.ts";
import { createRouting } from "../src/send/routing/routing.ts";
import { openLmdbSpool } from "../src/spool/lmdb-spool.ts";
import { progress } from "./progress.ts";

/** At once; so many share a flush. */
const writers = 2000;
const domain = "dest.test";

/**
 * By the relay's own spool, each message accepted and then kept in the queue of its next hop, as the relay does. The
 * relay of `directory` must not run.
 */
export async function fillSpool(directory: string, count: number, content: Buffer): Promise<void> {
  const file = join(directory, "weir.yaml");
  const parsed = parseConfig(readFileSync(file, "utf8"), { file });
  if (!parsed.ok) throw new Error(`${file} has faults`);
  const route = createRouting(parsed.settings.sendConnectors).route(`x@${domain}`, {
    envelope: { reversePath: "app@app.test" },
    origin: { connector: "Bench", sourceAddress: "127.0.0.1", helloName: "bench", sessionId: "" },
    content: { sizeBytes: content.length },
  });
  if (route.kind !== "queue") throw new Error(`nothing leads to ${domain}`);
  const { queue } = route;
  const clock = createSystemClock();
  const spool = await openLmdbSpool({ directory: join(directory, "data", "spool"), clock });
  let left = count;
  const timer = setInterval(() => progress(`backlog: ${count - left} of ${count} filled`), 10_000);
  try {
    let kept: Promise<unknown> = Promise.resolve();
    spool.onAccepted({
      hasRoom: () => true,
      take(claim) {
        const waits = { queue, dueAt: clock.now(), attempts: 0, delayReported: false };
        kept = spool.settle(claim, [{ kind: "keep", index: 0, ...waits }]);
      },
      waits: () => undefined,
    });
    const writer = async (): Promise<void> => {
      while (left-- > 0) {
        const draft = spool.begin();
        draft.write(content);
        await spool.accept(
          draft,
          {
            reversePath: "app@sender.test",
            recipients: [{ forwardPath: `someone@${domain}` }],
            body: "7BIT",
            smtpUtf8: false,
          },
          {
            connector: "AppRelay",
            sourceAddress: "127.0.0.1",
            helloName: "client.test",
            sessionId: "0123456789ABCDEF",
          },
          { dotLines: 0, eightBit: false, endsWithCrlf: true, subject: "bench" },
        );
        await kept;
      }
    };
    await Promise.all(Array.from({ length: Math.min(writers, count) }, writer));
  } finally {
    clearInterval(timer);
    await spool.close();
  }
}
