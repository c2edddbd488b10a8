/** A response that is a file, read as the client takes it. */
import type { Octets } from "./administered.ts";

/**
 * The first octets are read before it is answered, so that what cannot be read at all is told as a fault. Later the
 * connection breaks: the client misses the end of the last chunk, or octets that `content-length` told of.
 */
export async function octetsResponse(
  { fileName, sizeBytes, headers = {}, chunks }: Octets,
  contentType: string,
): Promise<Response> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await iterator.next();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = first ?? (await iterator.next());
        first = undefined;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": contentType,
      ...(sizeBytes === undefined ? {} : { "content-length": String(sizeBytes) }),
      "content-disposition": `attachment; filename="${fileName}"`,
      "cache-control": "no-store",
      ...headers,
    },
  });
}
