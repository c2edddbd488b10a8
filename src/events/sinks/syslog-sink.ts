/**
 * Sends the log to a syslog daemon. A stream that breaks is opened again, what was not handed to it goes first, and what
 * waits is bounded; a datagram is sent and forgotten. While nobody takes it, that is said once by `complain`.
 */
import type { Socket as Datagrams } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { SyslogPlace } from "../../core/policy/log-place.ts";
import { createGathered } from "./gathered.ts";
import type { LineSink } from "./stderr-sink.ts";
import { countedFrame, datagramOf, lineFrame, syslogMessage, type SyslogSender } from "./syslog-message.ts";

export interface SyslogSinkOptions extends SyslogSender {
  readonly place: SyslogPlace;
  /** For people: that it cannot be reached, and that it can be again. */
  readonly complain: (text: string) => void;
}

type Send = (frames: readonly Buffer[]) => Promise<void>;

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** For what waits at a stop. */
const lastWordsMs = 1_000;

export function createSyslogSink(options: SyslogSinkOptions): LineSink {
  const { place, complain } = options;
  const { send, close, giveUp } = place.transport === "udp" ? datagrams(place) : stream(place);
  const frame = place.transport === "udp" ? datagramOf : place.transport === "tcp" ? countedFrame : lineFrame;
  let failures = 0;
  let closing = false;
  let wake: (() => void) | undefined;

  async function sendUntilTaken(frames: readonly Buffer[]) {
    for (;;) {
      try {
        await send(frames);
        if (failures > 0) complain(`syslog ${place.text} is reached again`);
        failures = 0;
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (failures++ === 0)
          complain(`syslog ${place.text} is not reached: ${reason}; the log waits for it`);
        // What cannot be sent while the relay ends has nobody to wait for it.
        if (closing) return;
        const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1));
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, delayMs).unref();
        });
      }
    }
  }

  const gathered = createGathered<Buffer>((frames, dropped, done) => {
    if (dropped > 0) complain(`${dropped} lines were not sent to syslog ${place.text}, which is too slow`);
    void sendUntilTaken(frames).finally(done);
  });

  return {
    write(line) {
      const octets = frame(syslogMessage(line, options));
      gathered.add(octets, octets.length);
    },
    flush: () => gathered.flush(),
    async close() {
      closing = true;
      wake?.();
      // A daemon that takes the connection and no more must not keep the relay from ending.
      const impatient = setTimeout(giveUp, lastWordsMs);
      await gathered.flush();
      clearTimeout(impatient);
      close();
    },
  };
}

interface Transport {
  readonly send: Send;
  /** When all is sent. */
  readonly close: () => void;
  /** Rejects what is being sent. */
  readonly giveUp: () => void;
}

function stream(place: SyslogPlace): Transport {
  let opened: Socket | undefined;
  let opening: Socket | undefined;

  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const to = place.transport === "unix" ? { path: place.path } : { host: place.host, port: place.port };
      const socket = connect(to);
      opening = socket;
      socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
      socket.once("error", reject);
      socket.once("connect", () => {
        opening = undefined;
        socket.setTimeout(0);
        socket.off("error", reject);
        const gone = (): void => {
          if (opened === socket) opened = undefined;
        };
        socket.on("error", gone);
        socket.once("close", gone);
        // Daemons say nothing; what one says all the same is not waited with.
        socket.resume();
        socket.unref();
        resolve(socket);
      });
    });

  return {
    async send(frames) {
      const socket = (opened ??= await open());
      await new Promise<void>((resolve, reject) => {
        socket.once("close", closed);
        socket.write(Buffer.concat(frames), (error) => {
          socket.off("close", closed);
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
        function closed() {
          reject(new Error("the connection was closed"));
        }
      });
    },
    close() {
      opened?.end();
    },
    giveUp() {
      opening?.destroy(new Error("nobody waits for it any more"));
      opened?.destroy();
    },
  };
}

/** By whichever family the daemon's name leads to now. */
function datagrams(place: Extract<SyslogPlace, { readonly port: number }>): Transport {
  const sockets = new Map<number, Datagrams>();
  return {
    async send(frames) {
      const { address, family } = await lookup(place.host);
      let socket = sockets.get(family);
      if (socket === undefined) {
        const { createSocket } = await import("node:dgram");
        socket = createSocket(family === 6 ? "udp6" : "udp4");
        // Nobody listens there: the next datagram finds out as well.
        socket.on("error", () => undefined);
        socket.unref();
        sockets.set(family, socket);
      }
      for (const frame of frames) await sendOne(socket, frame, place.port, address);
    },
    close() {
      for (const socket of sockets.values()) socket.close();
    },
    giveUp: () => undefined,
  };
}

function sendOne(socket: Datagrams, frame: Buffer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(frame, port, address, (error) => (error === null ? resolve() : reject(error)));
  });
}
