import { expect, test } from "vitest";
import type { AdminClient } from "../admin/client.ts";
import { ofNodes } from "./one-node.ts";

/** A relay with that many nodes, which answers whatever it is asked. */
function asked(nodes: number, server: string | undefined) {
  const said: string[] = [];
  const inputs: unknown[] = [];
  const relay = {
    socket: "",
    call: (name: string, input: unknown) => {
      if (name === "listNodes") return Promise.resolve({ nodes: Array.from({ length: nodes }) });
      inputs.push(input);
      return Promise.resolve({});
    },
  } as unknown as AdminClient;
  return { relay: ofNodes(relay, server, (text) => said.push(text)), said, inputs };
}

test.each([
  [
    "where there is one relay it is said once, and answered",
    0,
    "EX01",
    ["-Server EX01 is left aside: there is one relay here, and no other node\n"],
  ],
  ["of several nodes it narrows", 2, "b", []],
  ["nothing is said where no server was named", 0, undefined, []],
])("-Server: %s", async (_, nodes, server, told) => {
  const { relay, said, inputs } = asked(nodes, server);
  await relay.call("listQueues", {});
  await relay.call("listQueues", {});
  expect(said).toEqual(told);
  expect(inputs).toEqual(Array.from({ length: 2 }, () => (server === undefined ? {} : { server })));
});
