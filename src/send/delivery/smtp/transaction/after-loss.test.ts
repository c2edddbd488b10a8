import { describe, expect, it } from "vitest";
import type { ClientErrorCode } from "../wire/client-error.ts";
import { afterLoss, type LossFacts, type LossVerdict, type Phase } from "./after-loss.ts";

const none = { chunking: false, dataInstead: false, pipelining: false, tls: false };

function facts(phase: Phase, code: ClientErrorCode, more: Partial<LossFacts> = {}): LossFacts {
  return { phase, code, contentComplete: false, decided: false, anyReply: true, blame: none, ...more };
}

describe("a connection that ends by itself", () => {
  // phase, content complete → closed, hung, nonsense
  it.each<[Phase, boolean, LossVerdict, LossVerdict, LossVerdict]>([
    ["reset", false, "again", "putOff", "putOff"],
    ["mail", false, "again", "putOff", "putOff"],
    ["recipient", false, "again", "putOff", "putOff"],
    ["data", false, "again", "putOff", "putOff"],
    ["chunk", false, "again", "putOff", "putOff"],
    ["content", false, "again", "putOff", "putOff"],
    // Nothing is answered yet, and all of it is there.
    ["reset", true, "again", "unconfirmed", "unconfirmed"],
    ["mail", true, "again", "unconfirmed", "unconfirmed"],
    ["recipient", true, "again", "unconfirmed", "unconfirmed"],
    ["chunk", true, "unconfirmed", "unconfirmed", "unconfirmed"],
    ["content", true, "unconfirmed", "unconfirmed", "unconfirmed"],
  ])("in phase %s, content complete: %s", (phase, contentComplete, lost, timeout, garbage) => {
    expect(
      (["lost", "timeout", "garbage"] as const).map((code) =>
        afterLoss(facts(phase, code, { contentComplete })),
      ),
    ).toEqual([lost, timeout, garbage]);
  });

  it.each<Phase>(["reset", "mail", "recipient", "data", "chunk", "content"])(
    "in phase %s by close() is aborted, whatever else",
    (phase) => {
      const blame = { chunking: true, dataInstead: true, pipelining: true, tls: true };
      const all = facts(phase, "aborted", { contentComplete: true, decided: true, anyReply: false, blame });
      expect(afterLoss(all)).toBe("aborted");
      expect(afterLoss({ ...all, code: "lost" })).toBe("decided");
    },
  );
});

describe("what is blamed", () => {
  it.each<[string, Partial<LossFacts["blame"]>, Phase, ClientErrorCode, Partial<LossFacts>, LossVerdict]>([
    ["BDAT", { chunking: true }, "content", "lost", { contentComplete: true }, "againByData"],
    ["BDAT", { chunking: true }, "content", "timeout", { contentComplete: true }, "againByData"],
    ["BDAT", { chunking: true }, "chunk", "timeout", {}, "againByData"],
    ["BDAT, not for nonsense", { chunking: true }, "chunk", "garbage", {}, "putOff"],
    ["BDAT, not before it", { chunking: true }, "data", "lost", {}, "again"],
    ["a stalled BDAT", { dataInstead: true }, "chunk", "timeout", {}, "againByData"],
    [
      "a stalled BDAT, not when all is there",
      { dataInstead: true },
      "chunk",
      "timeout",
      { contentComplete: true },
      "unconfirmed",
    ],
    ["a stalled BDAT, not for a close", { dataInstead: true }, "chunk", "lost", {}, "again"],
    ["PIPELINING", { pipelining: true }, "mail", "timeout", {}, "againOneByOne"],
    ["PIPELINING", { pipelining: true }, "recipient", "garbage", {}, "againOneByOne"],
    ["PIPELINING", { pipelining: true }, "data", "timeout", {}, "againOneByOne"],
    ["PIPELINING, not for a close", { pipelining: true }, "recipient", "lost", {}, "again"],
    [
      "PIPELINING, not before a reply",
      { pipelining: true },
      "mail",
      "timeout",
      { anyReply: false },
      "putOff",
    ],
    ["PIPELINING, not at RSET", { pipelining: true }, "reset", "timeout", {}, "putOff"],
    ["PIPELINING, not in content", { pipelining: true }, "content", "timeout", {}, "putOff"],
    ["TLS", { tls: true }, "mail", "lost", { anyReply: false }, "againInClear"],
    ["TLS", { tls: true }, "mail", "timeout", { anyReply: false }, "againInClear"],
    ["TLS, not once it has answered", { tls: true }, "mail", "lost", {}, "again"],
    ["TLS, not in content", { tls: true }, "content", "lost", { anyReply: false }, "again"],
  ])("%s %#", (_, blame, phase, code, more, expected) => {
    expect(afterLoss(facts(phase, code, { ...more, blame: { ...none, ...blame } }))).toBe(expected);
  });
});
