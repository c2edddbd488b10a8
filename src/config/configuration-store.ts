/**
 * Where the configuration stands that commands change and a relay follows: a file, or a document that several nodes share.
 * Both have the one suite, test/contracts/configuration-store-contract.ts.
 */
import type {
  AppliedVersion,
  ChangeAuthor,
  ConfigurationDocument,
  ConfigurationVersion,
} from "../ports/configuration-documents.ts";
import type { Fault } from "./fault.ts";
import type { ConfigResult, ConfigSurroundings } from "./parse-config.ts";
import type { FileWatch } from "./watch.ts";

/** The configuration as somebody wrote it. */
export interface WrittenConfiguration {
  /** What commands change: of the file, or of the shared document. */
  readonly text: string;
  /** Of the node's own file, where the rest is shared; else undefined. */
  readonly ownText: string | undefined;
  /** Of the shared document; 0 for a file. */
  readonly version: number;
  /** What two of the same text and version are told apart by, where the store can. */
  readonly changeId: string;
}

export interface ConfigurationStore {
  /** The node's own file; relative paths start from its folder. */
  readonly file: string;
  /** What `text` is called where it is told of. */
  readonly place: string;
  /** Where earlier versions are. Undefined: nobody keeps any. */
  readonly history: ConfigurationHistory | undefined;
  /** Rejects with ConfigurationFileError. */
  read(): Promise<WrittenConfiguration>;
  /** Never throws. A fault that stands elsewhere than in `text` names its file. */
  parse(written: WrittenConfiguration, fixed?: ConfigSurroundings["fixed"]): ConfigResult;
  /**
   * Puts `text` in place of what `expected` has, as a whole. Rejects with ConfigurationFileError, `fileChanged` where it is
   * something else by now, and has changed nothing then.
   */
  replace(expected: WrittenConfiguration, text: string, by: ChangeAuthor): Promise<WrittenConfiguration>;
  /** Every file that `written` names; absolute. */
  namedFiles(written: WrittenConfiguration): readonly string[];
  /** Calls `changed`, which never rejects, when it may be another, and waits for it. Keeps no process alive. */
  watch(changed: () => Promise<void>): FileWatch;
  /** What was made of it, for who asks all nodes. Never rejects. */
  tell(written: WrittenConfiguration, faults: readonly Fault[]): Promise<void>;
}

/** All reject with ConfigurationFileError. */
export interface ConfigurationHistory {
  /** Undefined: there is no such version. */
  version(version: number): Promise<ConfigurationDocument | undefined>;
  /** The newest first. */
  versions(limit: number): Promise<readonly ConfigurationVersion[]>;
  /** What each node made of the version it looked at last. */
  applied(): Promise<readonly AppliedVersion[]>;
}

export function isSameConfiguration(one: WrittenConfiguration, other: WrittenConfiguration): boolean {
  return one.text === other.text && one.ownText === other.ownText && one.changeId === other.changeId;
}
