/** The thread that makes RSA signatures: the places of its ring one after the other, asleep where none is filled. */
import { sign, type KeyObject } from "node:crypto";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { createSigningRing } from "./signing-ring.ts";

/** What goes to the thread beside its ring, each where the places come to it: a key before its first text, a text that is too long. */
export type BesideRing =
  | { readonly key: KeyObject; readonly forgetsKeys: boolean }
  | { readonly text: string };

/** Of how many texts the signatures are there by now; or that of one (base64), or what its key says, where it has no room in the ring. */
export type ToldOfRing = number | { readonly signature: string } | { readonly fault: string };

export interface SigningWork {
  readonly memory: SharedArrayBuffer;
  /** Signatures are told together, of as many texts, or when nothing more is there. */
  readonly mostTogether: number;
}

const keys = new Map<number, KeyObject>();

const { memory, mostTogether } = workerData as SigningWork;
if (parentPort !== null) signAll(parentPort);

function signAll(port: MessagePort): never {
  const ring = createSigningRing(memory);
  const tell = (told: ToldOfRing): void => port.postMessage(told, []);
  const next = (): BesideRing => receiveMessageOnPort(port)?.message as BesideRing;
  const keyOf = (number: number): KeyObject => {
    let key = keys.get(number);
    if (key === undefined) {
      const given = next() as Extract<BesideRing, { readonly key: KeyObject }>;
      if (given.forgetsKeys) keys.clear();
      ({ key } = given);
      keys.set(number, key);
    }
    return key;
  };
  const textOf = (at: number): Buffer =>
    ring.textAt(at) ?? Buffer.from((next() as Extract<BesideRing, { readonly text: string }>).text, "latin1");
  let signed = 0;
  let told = 0;
  for (;;) {
    if (signed === ring.given()) {
      if (told !== signed) tell((told = signed));
      ring.wait(signed);
      continue;
    }
    const key = keyOf(ring.keyAt(signed));
    const text = textOf(signed);
    try {
      const signature = sign("sha256", text, key);
      if (!ring.sign(signed, signature)) tell({ signature: signature.toString("base64") });
    } catch (error) {
      ring.sign(signed, undefined);
      tell({ fault: error instanceof Error ? error.message : String(error) });
    }
    signed = (signed + 1) | 0;
    if (((signed - told) | 0) >= mostTogether) tell((told = signed));
  }
}
