/** The thread that reads one captured message: read-in-thread.ts begins it and waits for its answer. */
import { parentPort, workerData } from "node:worker_threads";
import { parseMessage } from "./read-message.ts";

export interface MimeTask {
  readonly octets: Uint8Array;
  readonly isWhole: boolean;
}

const { octets, isWhole } = workerData as MimeTask;
void parseMessage(octets, isWhole).then((message) => parentPort?.postMessage(message, []));
