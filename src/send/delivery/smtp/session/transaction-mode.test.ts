import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { createJob } from "../job/job.ts";
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
    chunkingFault,
    evidence = {},
    recipients = three,
    learned,
    most = Infinity,
  }: {
    readonly chunkingFault?: string;
    readonly evidence?: Partial<Record<"pipelining" | "chunking", boolean>>;
    readonly recipients?: readonly string[];
    readonly learned?: { readonly most: number; readonly until: number };
    readonly most?: number;
  }) => {
    const memory = createPeerMemory();
    const host = memory.host({ host: "mx.test", port: 25 });
    host.recipientsPerTransaction = learned;
    const job = createJob(testClaim({ recipients }), () => undefined);
    job.chunkingFault = chunkingFault;
    const all = { pipelining: true, chunking: true, ...evidence } as PeerEvidence;
    const limits = { ...unlimited, recipientsPerTransaction: most };
    return modeFor(job, memory.peer(host, "192.0.2.1"), limits, all, clock);
  };

  test.each<[string, Parameters<typeof mode>[0], boolean, boolean]>([
    ["as the peer allows it", {}, true, true],
    ["by DATA without CHUNKING", { evidence: { chunking: false } }, true, false],
    ["one command behind the other without PIPELINING", { evidence: { pipelining: false } }, false, true],
    ["by DATA where its BDAT was mishandled", { chunkingFault: "hung" }, true, false],
  ])("goes %s", (_, given, pipelining, chunking) => {
    expect(mode(given)).toMatchObject({ pipelining, chunking });
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
