/** The HTTP door without a socket: what clients send as octets, what it answers read from them, under a clock that is told. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { ProtocolSessionFacts } from "../logs/protocol-log.ts";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { watchConnection } from "../receive/admission/connection-watch.ts";
import type { HttpConnection } from "../receive/http/http-connection.ts";
import { createHttpDoor, type HttpDoor } from "../receive/http/http-door.ts";
import type { HttpServices } from "../receive/http/http-services.ts";
import { createRequests } from "../receive/http/requests.ts";
import type { ToldRefusal } from "../core/refusals/refusal.ts";
import { answerIn, type RawAnswer } from "./raw-http-client.ts";
import { createTestSubmissions, type TestSubmissions } from "./test-submissions.ts";

const endpoint = { address: "127.0.0.1", port: 8025, door: "HTTP" } as const;

export interface TestHttpClient {
  readonly connection: HttpConnection | undefined;
  send(octets: string | Buffer): void;
  /** It sends no more. */
  finish(): void;
  hangUp(): void;
  /** It reads nothing from now on. */
  stall(): void;
  /** Answers since the last look; to HEAD without a body. */
  answers(hasBody?: boolean): Promise<readonly RawAnswer[]>;
  /** The only one since then. */
  answer(hasBody?: boolean): Promise<RawAnswer>;
  /** `said`: behind its last answer; `cut`: without waiting for the client. */
  readonly ended: "said" | "cut" | undefined;
}

export interface TestHttpDoor extends TestSubmissions {
  readonly door: HttpDoor;
  /** Places that were given back, and whoever was told of it. */
  readonly freed: readonly string[];
  /** Data and context of each line of the protocol log. */
  readonly log: readonly string[];
  /** Of whom each session of it is. */
  readonly logged: readonly ProtocolSessionFacts[];
  connect(address?: string): TestHttpClient;
  turnAway(reply: ToldRefusal): TestHttpClient;
}

/** One end of a wire; what is written to it, the other end reads at once. */
class Wire extends Duplex {
  readonly remotePort = 4711;
  readonly localAddress = "127.0.0.1";
  bytesRead = 0;
  isStalled = false;
  peer: Wire | undefined;

  override _read(): void {
    // What comes is pushed.
  }

  override _write(octets: Buffer, _encoding: string, then: () => void): void {
    if (this.peer?.isStalled === true) return;
    this.peer?.hear(octets);
    then();
  }

  override _final(then: () => void): void {
    if (this.peer?.isStalled === true) return;
    this.peer?.push(null);
    then();
  }

  override _destroy(error: Error | null, then: (error: Error | null) => void): void {
    this.peer?.cut();
    then(error);
  }

  hear(octets: Buffer): void {
    this.bytesRead += octets.length;
    this.push(octets);
  }

  cut(): void {
    if (!this.readableEnded) this.destroy();
  }
}

export function createTestHttpDoor(
  given: Partial<ReceiveConnectorSettings> = {},
  more: Partial<HttpServices> = {},
): TestHttpDoor {
  const submissions = createTestSubmissions(given, more);
  const { clock, submitter, services } = submissions;
  const { connector } = submitter;
  const freed: string[] = [];
  const log: string[] = [];
  const logged: ProtocolSessionFacts[] = [];
  const settings = {};
  const httpServices: HttpServices = {
    ...services,
    submissions: submissions.submissions,
    history: { search: () => Promise.resolve([]) },
    inspection: { find: () => Promise.resolve(undefined) },
    settings: () => settings,
    connectorNow: () => connector,
    connectors: () => [connector],
    protocolLog: {
      session: (facts) => (
        logged.push(facts),
        {
          line: (event, data, context = "") => void log.push(`${event} ${data} ${context}`.trim()),
        }
      ),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    hostname: "relay.test",
    tlsContexts: () => undefined,
    authenticate: (user, password) =>
      Promise.resolve(password === "secret" ? { user } : { denied: "the password is wrong", account: user }),
    authenticateToken: () => Promise.resolve({ denied: "no tokens here" }),
    authenticateKey: () => ({ denied: "there is no such key" }),
    tell: () => undefined,
    messagesLeft: () => undefined,
    isDiscredited: () => false,
    leftInTarpit: () => undefined,
    metOldTls: () => undefined,
    placeFreed: (name) => void freed.push(name),
    ...more,
  };
  const door = createHttpDoor(httpServices, createRequests(httpServices));

  const client = (hand: (socket: Socket) => void): TestHttpClient => {
    const [near, far] = [new Wire(), new Wire()];
    near.peer = far;
    far.peer = near;
    let received: Buffer = Buffer.alloc(0);
    let ended: TestHttpClient["ended"];
    near.on("data", (octets: Buffer) => {
      received = Buffer.concat([received, octets]);
    });
    near.on("error", () => undefined);
    near.on("end", () => {
      ended ??= "said";
    });
    near.on("close", () => {
      ended ??= "cut";
    });
    hand(far as unknown as Socket);
    const answers = async (hasBody = true): Promise<readonly RawAnswer[]> => {
      await clock.settle();
      const found: RawAnswer[] = [];
      for (let next = answerIn(received, hasBody); next; next = answerIn(received, hasBody)) {
        found.push(next.answer);
        received = next.rest;
      }
      return found;
    };
    return {
      get connection() {
        return [...door.connections()].find(({ socket }) => (socket as unknown) === far);
      },
      send: (octets) => void near.write(octets),
      finish: () => void near.end(),
      hangUp: () => void near.destroy(),
      stall() {
        near.isStalled = true;
      },
      answers,
      async answer(hasBody) {
        const [first, ...others] = await answers(hasBody);
        if (first === undefined || others.length > 0)
          throw new Error(`${others.length + (first === undefined ? 0 : 1)} answers; ${received.toString()}`);
        return first;
      },
      get ended() {
        return ended;
      },
    };
  };

  return {
    ...submissions,
    door,
    freed,
    log,
    logged,
    connect(address = "127.0.0.1") {
      const lease = { end: () => void freed.push(`lease of ${address}`) };
      const watch = watchConnection(connector, "HTTP");
      const admitted = {
        connector,
        address,
        source: address,
        door: "HTTP",
        watch,
        lease,
        connection: 1,
      } as const;
      return client((socket) => door.open(socket, admitted, endpoint));
    },
    turnAway: (reply) => client((socket) => door.turnAway(socket, reply, endpoint)),
  };
}
