import { createMemoryConnections } from "../../src/testing/memory-connections.ts";
import { describeConnections } from "./connections-contract.ts";

describeConnections("connections in memory", (turn) => {
  const connections = createMemoryConnections(turn);
  const nodes = [connections.node(), connections.node(), connections.node()] as const;
  return Promise.resolve({ nodes, end: () => Promise.resolve() });
});
