/** Runs one after the other, in the order of the calls; one that fails holds up no other. */
export type InTurn = <Result>(run: () => Promise<Result>) => Promise<Result>;

export function createInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}
