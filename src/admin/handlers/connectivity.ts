/** Test-SmtpConnectivity: each binding of each connector is connected to as a client would. Source: Exchange. */
import { connect, createServer } from "node:net";
import {
  chooseReceiveConnector,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { findNamed } from "./named-settings.ts";

type Listener = ReturnType<Administered["relay"]["bindings"]>[number];
type Result = Output<"testConnectivity">["results"][number];
type Outcome = Pick<Result, "statusCode" | "details">;

export function connectivityHandlers({ relay }: Administered): Pick<Handlers, "testConnectivity"> {
  const test = async (
    connector: ReceiveConnectorSettings,
    binding: Endpoint,
    timeoutMs: number,
  ): Promise<Result> => {
    const open = relay.bindings().find((one) => serves(one, connector.name, binding));
    const isSame = open !== undefined && formatEndpoint(open.endpoint) === formatEndpoint(binding);
    const target = reachable(isSame ? open.bound : binding);
    const tested = {
      connector: connector.name,
      binding: formatEndpoint(binding),
      endpoint: formatEndpoint(target),
    };
    if (!connector.enabled)
      return { ...tested, statusCode: "Unable to connect", details: "the connector is disabled" };
    if (open === undefined)
      return {
        ...tested,
        statusCode: "Unable to connect",
        details: "the relay does not listen there; weir Get-EventLog -EventId 20012 tells why",
      };
    const from = await freeEndpoint(target.address);
    const forget = from && relay.expectProbe(from);
    try {
      const outcome = await greet(target, from, relay.settings.hostname, timeoutMs);
      const who = outcome.statusCode === "Success" ? whoAnswered(connector, binding, target) : "";
      return { ...tested, ...outcome, details: `${outcome.details}${who}` };
    } finally {
      forget?.();
    }
  };

  /** The source is this machine, which need not be one that the connector is for. */
  const whoAnswered = (connector: ReceiveConnectorSettings, binding: Endpoint, target: Endpoint): string => {
    const peer = parseAddress(target.address);
    const local = { address: target.address, port: binding.port };
    const answering = peer && chooseReceiveConnector(relay.settings.receiveConnectors, local, peer);
    if (answering?.name === connector.name) return "";
    const other = answering === undefined ? "" : `; for this machine there is ${answering.name}`;
    return `; it listens, and this machine (${target.address}) is outside its remoteIpRanges${other}`;
  };

  return {
    testConnectivity: async ({ connector: given, timeoutMs }) => {
      const { receiveConnectors, hostname } = relay.settings;
      const wanted =
        given === undefined
          ? receiveConnectors
          : [findNamed(receiveConnectors, given, hostname, "receive connector")];
      const tests = wanted.flatMap((connector) =>
        connector.bindings.map((binding) => test(connector, binding, timeoutMs)),
      );
      return { results: await Promise.all(tests) };
    },
  };
}

/** By itself, or by the wildcard of its family and port. */
function serves({ endpoint, connectors }: Listener, connector: string, binding: Endpoint): boolean {
  if (endpoint.door !== "SMTP") return false;
  if (endpoint.port !== binding.port || !connectors.includes(connector)) return false;
  if (endpoint.address === binding.address) return true;
  return endpoint.address === (binding.address.includes(":") ? "::" : "0.0.0.0");
}

/** Where this process can connect from, so that the relay knows its own test. Undefined: nothing is free there. */
function freeEndpoint(address: string): Promise<Endpoint | undefined> {
  return new Promise((resolve) => {
    const holder = createServer();
    holder.once("error", () => resolve(undefined));
    holder.listen({ host: address, port: 0, ipv6Only: address.includes(":") }, () => {
      const bound = holder.address();
      const port = bound !== null && typeof bound === "object" ? bound.port : 0;
      holder.close(() => resolve(port === 0 ? undefined : { address, port }));
    });
  });
}

/** A wildcard is reached over loopback. */
function reachable({ address, port }: Endpoint): Endpoint {
  const loopback: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { address: loopback[address] ?? address, port };
}

const mostAnswerChars = 64 * 1024;

/** Greeting, EHLO, QUIT. Never rejects. */
function greet(
  { address, port }: Endpoint,
  from: Endpoint | undefined,
  hostname: string,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      ...(from === undefined ? undefined : { localAddress: from.address, localPort: from.port }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    let connected = false;
    let answer = "";
    let step: "greeting" | "EHLO" = "greeting";
    let greeting = "";
    const finish = (statusCode: Result["statusCode"], details: string): void => {
      socket.removeAllListeners("data").on("error", () => undefined);
      socket.end("QUIT\r\n", () => setTimeout(() => socket.destroy(), 100).unref());
      resolve({ statusCode, details });
    };
    socket.setEncoding("latin1");
    socket.once("connect", () => (connected = true));
    socket.on("data", (text: string) => {
      answer += text;
      if (answer.length > mostAnswerChars) {
        finish("External error", `the answer to ${step} does not end`);
        return;
      }
      const last = /(?:^|\r\n)(\d{3}) ([^\r\n]*)\r\n$/.exec(answer);
      if (last === null) return;
      const reply = `${last[1]} ${last[2]}`.trim();
      const lines = answer.trimEnd().split("\r\n").length;
      answer = "";
      if (reply.startsWith("4")) finish("Transient error", `${step}: ${reply}`);
      else if (!reply.startsWith("2")) finish("Permanent error", `${step}: ${reply}`);
      else if (step === "greeting") {
        greeting = reply;
        step = "EHLO";
        socket.write(`EHLO ${hostname}\r\n`);
      } else finish("Success", `${greeting} (${lines - 1} extensions offered)`);
    });
    socket.once("end", () => finish("External error", `the connection ended before the answer to ${step}`));
    socket.once("error", (error) => {
      const late = error.name === "AbortError" || error.name === "TimeoutError";
      const details = late ? `no answer within ${timeoutMs} ms` : error.message;
      finish(connected ? "External error" : "Unable to connect", connected ? `${step}: ${details}` : details);
    });
  });
}
