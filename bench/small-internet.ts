/**
 * An Internet small enough for one machine: recipient domains, the DNS that knows their mail exchangers, and sites that take
 * their mail, each at an address of 127.0.0.0/8.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, type Answer } from "dns-packet";
import { freePort } from "../src/testing/free-port.ts";
import { type OwnSink, startOwnSink } from "./own-sink.ts";

export interface SmallInternet {
  /** Port 53 where the bench may have it: other programs' resolvers know no other. */
  readonly nameServer: { readonly address: string; readonly port: number };
  /** Mail exchangers listen there. */
  readonly mxPort: number;
  /** One of them. */
  readonly anySite: string;
  readonly sinks: OwnSink;
  /** Questions answered so far. */
  readonly asked: number;
  stop(): void;
}

/** RFC 1035: seconds. Longer than any bench. */
const ttl = 86_400;
const notThere = 3;

/** `d7.test`: the domain whose mail goes to site 7, modulo `sites`. */
export const domainOf = (number: number): string => `d${number}.test`;

/** `isUp` false: DNS knows the sites, and nobody listens there. */
export async function startSmallInternet(options: {
  readonly sites: number;
  readonly isUp?: boolean;
}): Promise<SmallInternet> {
  const { sites, isUp = true } = options;
  const addresses = Array.from({ length: sites }, (_, site) => addressOf(site));
  const mxPort = await freePort();
  const sinks = await startOwnSink({ addresses: isUp ? addresses : [], port: mxPort, delayMs: 0 });
  const socket = createSocket("udp4");
  let asked = 0;
  socket.on("message", (octets, from) => {
    asked++;
    const query = decode(octets);
    const [question] = query.questions ?? [];
    const answers =
      question === undefined ? undefined : answersTo(question.name.toLowerCase(), question.type, sites);
    const reply = encode({
      type: "response",
      id: query.id ?? 0,
      // RD, RA, AA
      flags: 0x580 | (answers === undefined ? notThere : 0),
      questions: query.questions ?? [],
      answers: answers ?? [],
      authorities: answers?.length ? [] : [startOfAuthority],
    });
    socket.send(reply, from.port, from.address);
  });
  // Another program may have port 53 of all addresses; an address of our own is nobody else's.
  const address = `127.${100 + (process.pid % 100)}.${process.pid % 250}.53`;
  socket.bind(process.getuid?.() === 0 ? 53 : 0, address);
  await once(socket, "listening");
  return {
    nameServer: { address, port: socket.address().port },
    mxPort,
    anySite: addresses[0] ?? "127.0.0.1",
    sinks,
    get asked() {
      return asked;
    },
    stop() {
      socket.close();
      sinks.stop();
    },
  };
}

const addressOf = (site: number): string => `127.1.${site >> 8}.${site & 255}`;

const startOfAuthority: Answer = {
  type: "SOA",
  name: "test",
  ttl,
  data: {
    mname: "ns.test",
    rname: "hostmaster.test",
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 300,
  },
};

/** Undefined: there is no such name. */
function answersTo(name: string, type: string, sites: number): Answer[] | undefined {
  const domain = /^d(\d+)\.test$/u.exec(name);
  if (domain !== null) {
    const exchange = `mx${Number(domain[1]) % sites}.sites.test`;
    return type === "MX" ? [{ type: "MX", name, ttl, data: { preference: 10, exchange } }] : [];
  }
  const site = Number(/^mx(\d+)\.sites\.test$/u.exec(name)?.[1] ?? NaN);
  if (!(site < sites)) return undefined;
  return type === "A" ? [{ type: "A", name, ttl, data: addressOf(site) }] : [];
}
