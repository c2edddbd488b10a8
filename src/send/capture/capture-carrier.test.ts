/** Captured mail on its way to the box: what the box is told, and that no other carrier gets it. */
import { describe, expect, test } from "vitest";
import type { CapturedMessage } from "../../capture/captured-message.ts";
import { SpoolError, type Claim } from "../../spool/spool.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { Carrier } from "../delivery/delivery.ts";
import { captureConnector, createCaptureCarrier, keepingCaptured } from "./capture-carrier.ts";

const wall = new Date(Date.UTC(2026, 0, 15, 9));

function boxed(keep?: () => Promise<void>) {
  const kept: { readonly message: CapturedMessage; readonly content: string }[] = [];
  const carrier = createCaptureCarrier(
    {
      async keep(message, content) {
        await keep?.();
        let text = "";
        for await (const piece of content) text += piece.toString("latin1");
        kept.push({ message, content: text });
      },
    },
    { wall: () => wall },
    "/data/captured",
  );
  return { carrier, kept };
}
const captured = (claim: Claim): Claim => ({
  ...claim,
  message: { ...claim.message, origin: { ...claim.message.origin, captured: true } },
});

test.each([undefined, 5])(
  "the box is told whose it is, and has the content octet for octet (%s)",
  async (pieceBytes) => {
    const { carrier, kept } = boxed();
    const given = testClaim({
      recipients: ["a@b.test", "b@b.test", "c@b.test"],
      content: "Subject: x\r\n\r\n.\r\nHello\r\n",
      ...(pieceBytes === undefined ? {} : { pieceBytes }),
      facts: { subject: "x", messageId: "<1@a.test>" },
    });
    const claim = { ...given, recipients: given.recipients.slice(1) };
    expect(await carrier.carry(claim)).toEqual({
      kind: "attempted",
      host: "/data/captured",
      outcomes: [1, 2].map((index) => ({
        kind: "delivered",
        index,
        verdict: { status: "2.0.0", text: "250 2.0.0 Captured", fromPeer: false },
        dsnRelayed: false,
      })),
    });
    expect(kept).toEqual([
      {
        message: {
          id: `${claim.message.id}-1`,
          capturedAt: wall.getTime(),
          connector: "AppRelay",
          mailFrom: "app@a.test",
          rcptTo: ["b@b.test", "c@b.test"],
          subject: "x",
          messageId: "<1@a.test>",
          sizeBytes: claim.message.content.sizeBytes,
          sourceAddress: "127.0.0.1",
          helloName: "app.test",
          user: undefined,
        },
        content: "Subject: x\r\n\r\n.\r\nHello\r\n",
      },
    ]);
  },
);

test("what a header does not say is empty", async () => {
  const { carrier, kept } = boxed();
  await carrier.carry(testClaim());
  expect(kept[0]?.message).toMatchObject({ subject: "", messageId: "" });
});

describe("a box that cannot be written to", () => {
  test("has its queue rest, with why in one line", async () => {
    const { carrier } = boxed(() => Promise.reject(new Error("ENOSPC: no space left\non device")));
    expect(await carrier.carry(testClaim())).toEqual({
      kind: "unreachable",
      host: "/data/captured",
      verdict: {
        status: "4.3.0",
        text: "451 4.3.0 Cannot write to the capture box: ENOSPC: no space left on device",
        fromPeer: false,
      },
    });
  });

  test("is not blamed for a message that cannot be read: its mail goes on, and that one waits or is set aside", async () => {
    const failing = async (code: "damaged" | "failed") =>
      boxed(() => Promise.reject(new SpoolError(code, "content lost"))).carrier.carry(testClaim());
    expect(await failing("damaged")).toEqual({ kind: "damaged", what: "content lost" });
    expect(await failing("failed")).toMatchObject({
      kind: "attempted",
      host: "/data/captured",
      outcomes: [{ kind: "transient", index: 0, verdict: { status: "4.3.0" } }],
    });
  });
});

test("a close waits for what is being written, and no more is begun", async () => {
  const writes: (() => void)[] = [];
  const { carrier, kept } = boxed(() => new Promise((resolve) => writes.push(resolve)));
  const [one, other] = [carrier.carry(testClaim()), carrier.carry(testClaim())];
  let isClosed = false;
  const closing = carrier.close(0).then(() => (isClosed = true));
  expect(await carrier.carry(testClaim())).toEqual({ kind: "aborted" });
  writes[0]?.();
  await one;
  await Promise.resolve();
  expect(isClosed).toBe(false);
  writes[1]?.();
  await Promise.all([other, closing]);
  expect(kept).toHaveLength(2);
  await boxed().carrier.close(0);
});

test("captured mail goes to the box whatever queue it stands in, and no other does", async () => {
  const carried: string[] = [];
  const carrierOf = (name: string): Carrier => ({
    concurrency: name === "out" ? 3 : 16,
    carry: () => {
      carried.push(name);
      return Promise.resolve({ kind: "aborted" });
    },
    close: () => Promise.resolve(),
  });
  const gated = keepingCaptured(carrierOf("out"), carrierOf("box"));
  await gated.carry(testClaim());
  await gated.carry(captured(testClaim()));
  expect([carried, gated.concurrency]).toEqual([["out", "box"], 3]);
});

test("no address space leads to the box, and any size fits", () => {
  expect(captureConnector("/data/captured")).toMatchObject({
    kind: "drop",
    enabled: true,
    addressSpaces: [],
    maxMessageSize: Infinity,
    dropDirectory: "/data/captured",
  });
});
