/** The configuration as one file, which people edit beside the commands. */
import { type ConfigurationStore, type WrittenConfiguration } from "./configuration-store.ts";
import { readConfigurationText, replaceConfigurationText } from "./edit-file.ts";
import { namedFiles } from "./named-files.ts";
import { parseConfig } from "./parse-config.ts";
import { watchFile } from "./watch.ts";

export function fileStore(file: string): ConfigurationStore {
  return {
    file,
    place: file,
    history: undefined,
    read: async () => fileText(await readConfigurationText(file)),
    parse: ({ text }, fixed) => parseConfig(text, { file, ...(fixed === undefined ? {} : { fixed }) }),
    async replace(expected, text) {
      await replaceConfigurationText(file, expected.text, text);
      return fileText(text);
    },
    namedFiles: ({ text }) => namedFiles(text, file),
    watch: (changed) => watchFile(file, () => void changed()),
    tell: () => Promise.resolve(),
  };
}

/** Of a file's text. */
export function fileText(text: string): WrittenConfiguration {
  return { text, ownText: undefined, version: 0, changeId: "" };
}
