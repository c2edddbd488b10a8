/**
 * bin/weir.js as a package has it: started by the Node it brings, without a shell in between, and meaning the package's
 * configuration where nothing else is named.
 */
export function launcher(
  script: string,
  { node, config }: { readonly node: string; readonly config: string },
): string {
  const [first = "", ...rest] = script.split("\n");
  if (!first.startsWith("#!")) throw new Error("bin/weir.js begins with no interpreter");
  return [`#!${node}`, `process.env.WEIR_CONFIG ||= ${JSON.stringify(config)};`, ...rest].join("\n");
}
