import { expect, test } from "vitest";
import type { Client } from "./admission/client.ts";
import { openBySource } from "./open-by-source.ts";

const smtp = (source: string, connector: string, open: number) => ({ source, connector, open });
const http = (source: string, connector: string) => ({
  client: { source, connector: { name: connector } } as Client,
});

test("a source is counted once for each connector, by whichever door it comes", () => {
  const bySmtp = [smtp("10.0.0.1", "A", 2), smtp("10.0.0.2", "A", 1), smtp("10.0.0.1", "B", 4)];
  expect(openBySource(bySmtp, [])).toEqual(bySmtp);
  expect(openBySource(bySmtp, [http("10.0.0.1", "A"), http("10.0.0.3", "A"), http("10.0.0.1", "A")])).toEqual(
    [smtp("10.0.0.1", "A", 4), ...bySmtp.slice(1), smtp("10.0.0.3", "A", 1)],
  );
  expect(openBySource([], [http("10.0.0.1", "A"), http("10.0.0.1", "A")])).toEqual([
    smtp("10.0.0.1", "A", 2),
  ]);
});
