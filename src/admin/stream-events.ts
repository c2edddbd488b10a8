/** A response that goes on: Server-Sent Events until the client leaves, reads too slowly, or the relay stops. */
import type { Clock, Timer } from "../ports/ports.ts";
import { encodeEvent, signOfLife } from "./server-sent-events.ts";

/** The streams that are open; each is there by what ends it. */
export type OpenStreams = Set<() => void>;

/** Items that wait for a slow client before it is cut off. */
const mostWaiting = 10_000;
const signOfLifeMs = 15_000;

export function streamEvents(
  follow: (push: (item: unknown) => void) => () => void,
  options: {
    readonly clock: Clock;
    readonly streams: OpenStreams;
    readonly signal: AbortSignal;
    /** Aborts when the caller may follow no longer. */
    readonly ended?: AbortSignal | undefined;
  },
): Response {
  const { clock, streams, signal, ended: loggedOut } = options;
  const encoder = new TextEncoder();
  let end = (): void => undefined;

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let timer: Timer | undefined;
        let ended = false;
        const send = (text: string): void => {
          if (ended) return;
          if ((controller.desiredSize ?? 0) <= -mostWaiting) end();
          else controller.enqueue(encoder.encode(text));
        };
        const live = (): void => {
          send(signOfLife);
          timer = clock.after(signOfLifeMs, live);
        };
        const stop = follow((item) => send(encodeEvent(JSON.stringify(item))));
        end = () => {
          if (ended) return;
          ended = true;
          stop();
          timer?.cancel();
          streams.delete(end);
          signal.removeEventListener("abort", end);
          loggedOut?.removeEventListener("abort", end);
          try {
            controller.close();
          } catch {
            // The client has cancelled it already.
          }
        };
        streams.add(end);
        signal.addEventListener("abort", end);
        loggedOut?.addEventListener("abort", end);
        live();
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
