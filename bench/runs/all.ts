/** The special benches, quick ones first. */
import { backlog } from "./backlog.ts";
import { bodies } from "./bodies.ts";
import { crash } from "./crash.ts";
import { domainsWaiting } from "./domains.ts";
import { heldSnapshot } from "./held.ts";
import { idle } from "./idle.ts";
import { ledger } from "./ledger.ts";
import { lone } from "./lone.ts";
import { mx } from "./mx.ts";
import { out } from "./out.ts";
import { postgres } from "./postgres.ts";
import { prices } from "./prices.ts";
import { longRecord } from "./record.ts";
import type { Run } from "./run.ts";
import { start } from "./start.ts";
import { steady } from "./steady.ts";
import { whatIf } from "./what-if.ts";

export const runs: readonly Run[] = [
  start,
  steady,
  lone,
  bodies,
  idle,
  whatIf,
  prices,
  mx,
  out,
  crash,
  domainsWaiting,
  backlog,
  postgres,
  ledger,
  heldSnapshot,
  longRecord,
];
