/**
 * One request and its whole answer over the relay's socket. HTTP/1.0, so that the answer ends with the connection and
 * is in one piece: node:http, which a command would otherwise load for this alone, takes longer to load than the relay to answer.
 */
import { connect } from "node:net";

export interface ExchangeRequest {
  readonly method: string;
  readonly path: string;
  /** JSON. */
  readonly body: string | undefined;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly body: string;
}

/** Rejects where nobody answers, the answer breaks off, or `signal` aborts. */
export async function exchange(
  socket: string,
  request: ExchangeRequest,
  signal?: AbortSignal,
): Promise<ExchangeAnswer> {
  const octets = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    connect({ path: socket, ...(signal === undefined ? {} : { signal }) })
      .on("error", reject)
      .on("data", (chunk) => chunks.push(chunk))
      .on("end", () => resolve(Buffer.concat(chunks)))
      // After "end" it says nothing new.
      .on("close", () => reject(new Error("the relay broke off the connection")))
      .write(requestText(request));
  });
  return readAnswer(octets);
}

function requestText({ method, path, body }: ExchangeRequest): string {
  const head = `${method} ${path} HTTP/1.0\r\nHost: weir\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Of an answer to HTTP/1.0, which is never chunked. Throws where it is none, or not whole. */
export function readAnswer(octets: Buffer): ExchangeAnswer {
  const end = octets.indexOf("\r\n\r\n");
  const head = octets.subarray(0, Math.max(end, 0)).toString("latin1");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  const body = octets.subarray(end + 4);
  const length = /^content-length: *(\d+) *$/im.exec(head)?.[1];
  if (status === undefined || (length !== undefined && Number(length) !== body.length))
    throw new Error("the relay broke off its answer");
  return { status: Number(status), body: body.toString("utf8") };
}
