import { createMemoryLedger } from "../../src/receive/admission/memory-ledger.ts";
import { describeLedger } from "./ledger-contract.ts";

describeLedger("memory-ledger", createMemoryLedger);
