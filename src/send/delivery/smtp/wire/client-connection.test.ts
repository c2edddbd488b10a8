/** What is heard of a connection, in which order, and that nothing is heard behind its end. */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { ClientConnection } from "./client-connection.ts";
import { SmtpClientError } from "./client-error.ts";
import { Dialog } from "./dialog.ts";

/** A socket as far as a connection uses it; the test says what comes. */
class TestSocket extends EventEmitter {
  readonly did: string[] = [];
  writableLength = 0;
  taken = true;
  write(octets: string | Buffer, encoding = "buffer"): boolean {
    this.did.push(`${encoding}: ${String(octets)}`);
    return this.taken;
  }
  cork = (): void => void this.did.push("cork");
  uncork = (): void => void this.did.push("uncork");
  destroy = (): void => void this.did.push("destroy");
  comes = (text: string): void => void this.emit("data", Buffer.from(text));
}

function connected() {
  const clock = createFakeClock();
  const socket = new TestSocket();
  const heard: string[] = [];
  const logged: string[] = [];
  const receiver = {
    reply: ({ code, text }: { readonly code: number; readonly text: string }) =>
      void heard.push(`${code} ${text}`),
    drained: () => void heard.push("drained"),
    expired: () => void heard.push("expired"),
    lost: ({ code, message }: SmtpClientError) => void heard.push(`${code}: ${message}`),
  };
  const connection = new ClientConnection(socket as unknown as Socket, receiver, clock, {
    note: (event, data) => void logged.push(`${event} ${data}`),
    commands: (text) => void logged.push(`> ${text}`),
    reply: ({ code, text }) => void logged.push(`< ${code} ${text}`),
  });
  return { clock, socket, heard, logged, receiver, connection };
}
const behindTurn = () => new Promise((resolve) => setImmediate(resolve));
const stopped = new SmtpClientError("aborted", "the relay is stopping");

describe("replies", () => {
  test("are heard and logged one by one, however they are cut; what is left is counted", () => {
    const { socket, heard, logged, connection } = connected();
    socket.comes("250-one\r\n25");
    expect([heard, connection.pendingBytes]).toEqual([[], 11]);
    socket.comes("0 two\r\n220 three\r\n");
    expect([heard, connection.pendingBytes]).toEqual([["250 one\ntwo", "220 three"], 0]);
    expect(logged).toEqual(["+ ", "< 250 one\ntwo", "< 220 three"]);
  });

  test("behind one that ends the connection are not", () => {
    const { socket, heard, receiver, connection } = connected();
    receiver.reply = ({ code }) => {
      heard.push(String(code));
      connection.destroy(stopped);
    };
    socket.comes("421 Bye\r\n250 Ok\r\n");
    socket.comes("250 Ok\r\n");
    expect(heard).toEqual(["421", "aborted: the relay is stopping"]);
  });

  test("that are none end it", () => {
    const { socket, heard, connection } = connected();
    socket.comes("HTTP/1.1 400 Bad Request\r\n");
    expect(heard).toEqual([expect.stringMatching(/^garbage: not a reply/)]);
    expect([connection.alive, socket.did]).toEqual([false, ["destroy"]]);
  });
});

describe("what is written", () => {
  test.each([true, false])("leaves behind the turn if it still may then: %s", async (mayLeave) => {
    const { socket, heard, connection } = connected();
    let asked = 0;
    connection.writeParts(["body", ".\r\n"], "latin1", () => {
      asked++;
      return mayLeave;
    });
    connection.writeText("MAIL FROM:<>\r\n");
    expect(asked).toBe(0);
    await behindTurn();
    expect(asked).toBe(1);
    expect([connection.alive, socket.did.at(-1)]).toEqual([mayLeave, mayLeave ? "uncork" : "destroy"]);
    if (!mayLeave) expect(socket.did).not.toContain("uncork");
    expect(heard).toEqual(
      mayLeave ? [] : [expect.stringMatching(/^aborted: the message may be another node's/)],
    );
    connection.writeText("RSET\r\n");
    await behindTurn();
    expect(asked).toBe(1);
  });

  test("does not leave with the connection's end either, if it may not", () => {
    const { socket, heard, connection } = connected();
    connection.writeParts(["body", ".\r\n"], "latin1", () => false);
    connection.destroy(stopped);
    expect(socket.did).not.toContain("uncork");
    expect(heard).toEqual(["aborted: the relay is stopping"]);
  });
});

describe("the end", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  test.each<[string, (socket: TestSocket) => void, string]>([
    // What was written and has not left would keep it half open.
    ["by the peer", (socket) => socket.emit("end"), "lost: the connection was closed by the peer"],
    ["by a close", (socket) => socket.emit("close"), "lost: the connection was closed by the peer"],
    [
      "by a fault",
      (socket) => socket.emit("error", reset),
      "lost: the connection was lost: the peer reset the connection",
    ],
  ])("%s is heard once, and nothing behind it", async (_, happens, told) => {
    const { socket, heard, logged, connection, clock } = connected();
    connection.setDeadline(1_000);
    happens(socket);
    socket.emit("close");
    socket.emit("drain");
    socket.comes("250 Ok\r\n");
    connection.destroy(stopped);
    connection.setDeadline(1_000);
    expect(connection.writeText("QUIT\r\n")).toBe(false);
    expect(connection.writeParts(["QUIT\r\n"])).toBe(false);
    await clock.advance(5_000);
    expect([heard, socket.did, clock.pendingTimers]).toEqual([[told], ["destroy"], 0]);
    expect(logged).toEqual(["+ ", `- ${told.replace("lost: ", "")}`]);
  });

  test("is over when the socket is closed", async () => {
    const { socket, connection } = connected();
    let isClosed = false;
    void connection.whenClosed().then(() => (isClosed = true));
    connection.destroy(stopped);
    await Promise.resolve();
    expect(isClosed).toBe(false);
    socket.emit("close");
    await connection.whenClosed();
  });
});

describe("a deadline", () => {
  test("that is moved on passes when the last one has, once", async () => {
    const { heard, connection, clock } = connected();
    connection.setDeadline(100);
    await clock.advance(60);
    connection.setDeadline(100);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(99);
    expect(heard).toEqual([]);
    await clock.advance(1);
    await clock.advance(1_000);
    expect([heard, clock.pendingTimers]).toEqual([["expired"], 0]);
    connection.setDeadline(10);
    await clock.advance(10);
    expect(heard).toEqual(["expired", "expired"]);
  });

  test("that comes sooner is kept to", async () => {
    const { heard, connection, clock } = connected();
    connection.setDeadline(10_000);
    connection.setDeadline(10);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(9);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["expired"]);
  });
});

describe("what is written", () => {
  test("leaves in one call behind the turn, commands by their encoding and in the log, content in neither", async () => {
    const { socket, logged, connection } = connected();
    connection.writeParts(["MAIL\r\n", Buffer.from("content"), Buffer.alloc(0), "é\r\n"], "utf8");
    connection.writeText("RSET\r\n");
    const written = ["cork", "utf8: MAIL\r\n", "buffer: content", "utf8: é\r\n", "latin1: RSET\r\n"];
    expect(socket.did).toEqual(written);
    await behindTurn();
    expect(socket.did).toEqual([...written, "uncork"]);
    connection.writeText("QUIT\r\n");
    await behindTurn();
    expect(socket.did.slice(-3)).toEqual(["cork", "latin1: QUIT\r\n", "uncork"]);
    expect(logged).toEqual(["+ ", "> MAIL\r\n", "> é\r\n", "> RSET\r\n", "> QUIT\r\n"]);
  });

  test("before the connection is given up, or TLS begins, has left by then", async () => {
    const { socket, connection } = connected();
    connection.writeText("STARTTLS\r\n");
    const secured = new TestSocket();
    await connection.secure(() => {
      expect(socket.did).toEqual(["cork", "latin1: STARTTLS\r\n", "uncork"]);
      return Promise.resolve(secured as unknown as Socket);
    });
    connection.writeText("QUIT\r\n");
    connection.destroy(stopped);
    await behindTurn();
    expect(secured.did).toEqual(["cork", "latin1: QUIT\r\n", "uncork", "destroy"]);
  });

  test("waits in memory where the system does not take it: who wrote hears when it has", () => {
    const { socket, heard, connection } = connected();
    expect([connection.writeText("a"), connection.writeParts(["a"])]).toEqual([true, true]);
    socket.taken = false;
    socket.writableLength = 7;
    expect([connection.writeText("a"), connection.writeParts([Buffer.from("a")])]).toEqual([false, false]);
    expect(connection.unsentBytes).toBe(7);
    socket.emit("drain");
    expect(heard).toEqual(["drained"]);
  });
});

describe("TLS", () => {
  test("takes the socket's place: what comes in clear text from then on is not read", async () => {
    const { socket, heard, connection } = connected();
    const secured = new TestSocket();
    await connection.secure((plain) => {
      expect(plain).toBe(socket);
      return Promise.resolve(secured as unknown as Socket);
    });
    for (const what of ["end", "drain"]) socket.emit(what);
    socket.comes("250 injected\r\n");
    secured.comes("250 Ok\r\n");
    connection.writeText("EHLO a\r\n");
    await behindTurn();
    expect([heard, secured.did, socket.did]).toEqual([
      ["250 Ok"],
      ["cork", "latin1: EHLO a\r\n", "uncork"],
      [],
    ]);
    secured.emit("end");
    expect(heard.at(-1)).toMatch(/^lost: /);
  });

  describe("tells of each record by itself, and a refusal is heard with what came with it", () => {
    const overTls = async () => {
      const all = connected();
      const secured = new TestSocket();
      await all.connection.secure(() => Promise.resolve(secured as unknown as Socket));
      const behind: boolean[] = [];
      const { reply } = all.receiver;
      all.receiver.reply = (one) => {
        behind.push(all.connection.hasAnotherReply);
        reply(one);
      };
      return { ...all, secured, behind };
    };

    test("whole or in pieces", async () => {
      const { secured, heard, behind } = await overTls();
      secured.comes("250 sender\r\n");
      secured.comes("550 surplus\r\n");
      secured.comes("354 ");
      secured.comes("go\r\n");
      expect(heard).toEqual(["250 sender"]);
      await behindTurn();
      expect([heard, behind]).toEqual([
        ["250 sender", "550 surplus", "354 go"],
        [false, true, false],
      ]);
    });

    test("also where the connection ends with it", async () => {
      const { secured, heard } = await overTls();
      secured.comes("554 no\r\n");
      secured.emit("end");
      await behindTurn();
      expect(heard).toEqual(["554 no", "lost: the connection was closed by the peer"]);
    });

    test("and before what is written behind it leaves", async () => {
      const { secured, heard, connection, receiver } = await overTls();
      const { reply } = receiver;
      receiver.reply = (one) => {
        reply(one);
        heard.push(`taken back: ${connection.takeBack()}`);
      };
      // Another connection has ordered the end of the turn before.
      connected().connection.writeText("NOOP\r\n");
      secured.comes("451 surplus\r\n");
      connection.writeText("MAIL FROM:<>\r\n");
      await behindTurn();
      expect(heard).toEqual(["451 surplus", "taken back: true"]);
      expect(secured.did).not.toContain("uncork");
    });

    test("at once where what it came before has not left", async () => {
      const { secured, heard, connection } = await overTls();
      connection.writeText("MAIL FROM:<>\r\n");
      secured.comes("554 early\r\n");
      expect(heard).toEqual(["554 early"]);
      await behindTurn();
    });

    test("and not at all where it was given up", async () => {
      const { secured, heard, connection } = await overTls();
      secured.comes("554 no\r\n");
      connection.destroy(stopped);
      await behindTurn();
      expect(heard).toEqual(["aborted: the relay is stopping"]);
    });
  });

  test("that fails says why, or why it was given up", async () => {
    const one = connected();
    await expect(one.connection.secure(() => Promise.reject(new Error("bad record")))).rejects.toThrow(
      "bad record",
    );
    const other = connected();
    await expect(
      other.connection.secure(() => {
        other.connection.destroy(stopped);
        return Promise.reject(new Error("it was closed"));
      }),
    ).rejects.toBe(stopped);
  });

  test("that comes about when nobody wants it any more is closed", async () => {
    const { connection } = connected();
    const secured = new TestSocket();
    await expect(
      connection.secure(() => {
        connection.destroy(stopped);
        return Promise.resolve(secured as unknown as Socket);
      }),
    ).rejects.toBe(stopped);
    expect(secured.did).toEqual(["destroy"]);
  });
});

describe("a dialog", () => {
  const begun = () => {
    const all = connected();
    const dialog = new Dialog();
    dialog.begin(all.connection);
    all.connection.receiver = dialog;
    return { ...all, dialog };
  };

  test("asks, and has the answer in time", async () => {
    const { socket, dialog, clock } = begun();
    const answer = dialog.command("EHLO a", "EHLO", 1_000);
    expect([socket.did, clock.pendingTimers]).toEqual([["cork", "latin1: EHLO a\r\n"], 1]);
    socket.comes("250 Hello\r\n");
    expect([await answer, dialog.unasked]).toEqual([{ code: 250, text: "Hello" }, 0]);
  });

  test("counts what nobody asked for, which is the next answer", async () => {
    const { socket, dialog } = begun();
    socket.comes("220 Hello\r\n250 Smuggled\r\n");
    expect(dialog.unasked).toBe(2);
    expect((await dialog.next("the greeting", 1_000)).code).toBe(220);
    expect(dialog.unasked).toBe(1);
  });

  test("ends where no answer comes in time, with what was waited for", async () => {
    const { dialog, clock, connection } = begun();
    const answer = dialog.next("the greeting", 1_000);
    const failed = expect(answer).rejects.toThrow("no answer to the greeting in time");
    await clock.advance(1_000);
    await failed;
    expect(connection.alive).toBe(false);
    await expect(dialog.next("MAIL", 1_000)).rejects.toMatchObject({ code: "timeout" });
  });

  test("tells where it was when the connection was lost, and a stop as it is", async () => {
    const { dialog, socket } = begun();
    dialog.await("the TLS handshake", 1_000);
    socket.emit("end");
    await expect(dialog.next("EHLO", 1_000)).rejects.toMatchObject({
      code: "lost",
      message: "the connection was closed by the peer (at the TLS handshake)",
    });
    const other = begun();
    const answer = other.dialog.command("EHLO a", "EHLO", 1_000);
    other.connection.destroy(stopped);
    await expect(answer).rejects.toBe(stopped);
  });
});
