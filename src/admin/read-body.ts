/** Reads a request's body up to a size. */
import { AdminRefusal } from "./refusal.ts";

/** Hono's own limit does not get on with requests that tell no length. Throws AdminRefusal `tooLarge`. */
export async function bodyText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = new AdminRefusal("tooLarge", `the body is larger than ${maxBytes} octets`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge;
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
