/** Test-SmtpConnectivity: each binding of each connector is connected to as a client would. Source: Exchange. */
import { connect } from "node:net";
import type { Endpoint } from "../../core/policy/receive-connector.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { findNamed } from "./named-settings.ts";

type Result = Output<"testConnectivity">["results"][number];
type Outcome = Pick<Result, "statusCode" | "details">;

export function connectivityHandlers({ relay }: Administered): Pick<Handlers, "testConnectivity"> {
  return {
    testConnectivity: async ({ connector: given, timeoutMs }) => {
      const { receiveConnectors, hostname } = relay.settings;
      const wanted =
        given === undefined
          ? receiveConnectors
          : [findNamed(receiveConnectors, given, hostname, "receive connector")];
      const tests = wanted.flatMap((connector) =>
        connector.bindings.map(async (binding): Promise<Result> => {
          const name = formatEndpoint(binding);
          const open = relay.bindings().find(({ endpoint }) => formatEndpoint(endpoint) === name);
          const target = reachable(open?.bound ?? binding);
          const outcome: Outcome = !connector.enabled
            ? { statusCode: "Unable to connect", details: "the connector is disabled" }
            : await greet(target, hostname, timeoutMs);
          return { connector: connector.name, binding: name, endpoint: formatEndpoint(target), ...outcome };
        }),
      );
      return { results: await Promise.all(tests) };
    },
  };
}

/** A wildcard is reached over loopback. */
function reachable({ address, port }: Endpoint): Endpoint {
  const loopback: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { address: loopback[address] ?? address, port };
}

const mostAnswerChars = 64 * 1024;

/** Greeting, EHLO, QUIT. Never rejects. */
function greet({ address, port }: Endpoint, hostname: string, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal: AbortSignal.timeout(timeoutMs) });
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
