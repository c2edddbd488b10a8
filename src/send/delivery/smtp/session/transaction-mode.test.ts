import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { createJob, type Job } from "../job/job.ts";
import { createPeerMemory } from "../peer/peer.ts";
import type { PeerEvidence } from "../peer/peer-evidence.ts";
import { noCapabilities } from "../wire/ehlo-capabilities.ts";
import { limitsFor, modeFor } from "./transaction-mode.ts";

const unlimited = { recipientsPerTransaction: Infinity, messagesPerConnection: Infinity };

test.each([
  ["what is set", 50, 20, unlimited, 50, 20],
  ["0 is no limit", 0, 0, unlimited, Infinity, Infinity],
  ["nothing set", Infinity, Infinity, unlimited, Infinity, Infinity],
  [
    "what the peer announces, where that is less",
    50,
    20,
    { recipientsPerTransaction: 10, messagesPerConnection: 5 },
    10,
    5,
  ],
  ["what is set, where that is less", 5, 2, { recipientsPerTransaction: 10, messagesPerConnection: 5 }, 5, 2],
])(
  "limits: %s",
  (
    _,
    maxRecipientsPerTransaction,
    smtpMaxMessagesPerConnection,
    limits,
    recipientsPerTransaction,
    messagesPerConnection,
  ) => {
    const connector = smartHostConnector(25, { maxRecipientsPerTransaction, smtpMaxMessagesPerConnection });
    expect(limitsFor(connector, { ...noCapabilities, limits })).toEqual({
      recipientsPerTransaction,
      messagesPerConnection,
    });
  },
);

describe("a transaction", () => {
  const clock = createFakeClock();
  const three = ["a@b.test", "b@b.test", "c@b.test"];
  const mode = ({
    job: changes = {},
    evidence = {},
    isHeld,
    recipients = three,
    learned,
    most = Infinity,
  }: {
    readonly job?: Partial<Job>;
    readonly evidence?: Partial<Record<"pipelining" | "chunking" | "following", boolean>>;
    readonly isHeld?: () => boolean;
    readonly recipients?: readonly string[];
    readonly learned?: { readonly most: number; readonly until: number };
    readonly most?: number;
  }) => {
    const memory = createPeerMemory();
    const host = memory.host({ host: "mx.test", port: 25 });
    host.recipientsPerTransaction = learned;
    const claim = { ...testClaim({ recipients }), ...(isHeld && { isHeld }) };
    const job = Object.assign(
      createJob(claim, () => undefined),
      changes,
    );
    const all = { pipelining: true, chunking: true, following: true, ...evidence } as PeerEvidence;
    const limits = { ...unlimited, recipientsPerTransaction: most };
    return modeFor(job, memory.peer(host, "192.0.2.1"), limits, all, clock);
  };

  test.each<[string, Parameters<typeof mode>[0], string]>([
    ["all at once where the peer allows it", {}, "pipelining chunking inOneFlight"],
    ["by DATA without CHUNKING", { evidence: { chunking: false } }, "pipelining"],
    ["one command behind the other without PIPELINING", { evidence: { pipelining: false } }, "chunking"],
    ["by DATA where its BDAT was mishandled", { job: { chunkingFault: "hung" } }, "pipelining"],
    ["not in one flight at the second try", { job: { retried: true } }, "pipelining chunking"],
    ["nor where a flight was lost", { evidence: { following: false } }, "pipelining chunking"],
    ["nor where it may be another node's by now", { isHeld: () => false }, "pipelining chunking"],
    ["but where it is surely ours", { isHeld: () => true }, "pipelining chunking inOneFlight"],
  ])("goes %s", (_, given, expected) => {
    const { pipelining, chunking, inOneFlight } = mode(given);
    const used = Object.entries({ pipelining, chunking, inOneFlight }).filter(([, is]) => is);
    expect(used.map(([name]) => name).join(" ")).toBe(expected);
  });

  test.each([
    [Infinity, undefined, three, Infinity],
    [2, undefined, three, 2],
    [2, { most: 1, until: clock.now() + 1 }, three, 1],
    [2, { most: 1, until: clock.now() }, three, 2],
    [Infinity, { most: 2, until: clock.now() + 1 }, three, 2],
    [0, undefined, ["a@b.test"], 1],
  ])("of at most %d recipients, learned %j", (most, learned, recipients, expected) => {
    expect(mode({ most, recipients, ...(learned && { learned }) }).mostRecipients).toBe(expected);
  });
});
