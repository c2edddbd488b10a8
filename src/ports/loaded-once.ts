/**
 * What is loaded with the first question, once. A load that fails (no file descriptor was left, say) is not the answer for as long
 * as the process lives: the next question tries again. Rejects as `load` does.
 */
export function loadedOnce<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined;
  return () =>
    (loading ??= load().catch((fault: unknown) => {
      loading = undefined;
      throw fault;
    }));
}
