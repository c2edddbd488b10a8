import { createMemoryShares } from "../../src/testing/memory-shares.ts";
import { describeShares } from "./shares-contract.ts";

describeShares("shares in memory", (now) => {
  const shares = createMemoryShares(now);
  return Promise.resolve({ nodes: [shares, shares], end: () => Promise.resolve() });
});
