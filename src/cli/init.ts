/** `weir init`: writes the commented default configuration. */
import { chooseConfigFile, writeDefaultConfig } from "./config-file.ts";

/** Resolves with 1 when there is such a file already. */
export async function initCommand(options: { readonly config?: string | undefined }): Promise<number> {
  const { file } = await chooseConfigFile(options.config);
  if (await writeDefaultConfig(file)) {
    process.stdout.write(`${file}: written; weir start runs the relay with it\n`);
    return 0;
  }
  process.stderr.write(
    `weir: ${file} is there already and was left alone; weir check tells whether it is fine\n`,
  );
  return 1;
}
