/** The bench's own HTTP client: JSON over keep-alive connections, each message timed to its 202; no more than that, for the processor is shared. */
import { connect, type Socket } from "node:net";
import type { ClientLoad, ClientResult } from "./client.ts";
import { quantilesOf } from "./median.ts";

/** Sends all of it, one message at a time on each connection. Rejects at the first that is not taken, with the answer. */
export async function runHttpClient(load: ClientLoad): Promise<ClientResult> {
  const request = requestOf(load);
  const latencies: number[] = [];
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    const connection = await openConnection(load);
    while (next++ < load.messages) {
      const sentAt = performance.now();
      await connection.post(request);
      latencies.push(performance.now() - sentAt);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(load.connections, load.messages) }, worker));
  const seconds = (performance.now() - began) / 1000;
  return { seconds, at: quantilesOf(latencies) };
}

function requestOf({ sizeBytes, recipients }: ClientLoad): Buffer {
  const text = `${"x".repeat(78)}\r\n`.repeat(Math.max(1, Math.ceil((sizeBytes - 300) / 80)));
  const to = Array.from({ length: recipients }, (_, n) => `${n}someone@dest.test`);
  const body = JSON.stringify({ from: "app@sender.test", to, subject: "bench", text });
  return Buffer.from(
    `POST /v1/emails HTTP/1.1\r\nHost: bench.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

interface HttpConnection {
  post(request: Buffer): Promise<void>;
  close(): void;
}

async function openConnection({ host = "127.0.0.1", port }: ClientLoad): Promise<HttpConnection> {
  const socket: Socket = connect({ host, port, noDelay: true });
  let received = "";
  let done: ((fault?: Error) => void) | undefined;
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    received += text;
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [, length = "0"] = /\r\ncontent-length: (\d+)/i.exec(received) ?? [];
    if (received.length < end + 4 + Number(length)) return;
    const answer = received;
    received = "";
    done?.(answer.startsWith("HTTP/1.1 202") ? undefined : new Error(`it was answered ${answer}`));
  });
  const fail = (): void => done?.(new Error("the connection broke"));
  socket.on("error", fail);
  socket.on("close", fail);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return {
    post: (request) =>
      new Promise((resolve, reject) => {
        done = (fault) => {
          done = undefined;
          if (fault === undefined) resolve();
          else reject(fault);
        };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
