/** Telling events: said once at the place where it happens, heard by any number of subscribers. */
import type { EventDefinition, EventName, catalogue } from "./catalogue.ts";

type FieldNames<Text extends string> = Text extends `${string}%${infer Rest}`
  ? LeadingName<Rest> | FieldNames<Rest>
  : never;
type Letter =
  | "a"
  | "b"
  | "c"
  | "d"
  | "e"
  | "f"
  | "g"
  | "h"
  | "i"
  | "j"
  | "k"
  | "l"
  | "m"
  | "n"
  | "o"
  | "p"
  | "q"
  | "r"
  | "s"
  | "t"
  | "u"
  | "v"
  | "w"
  | "x"
  | "y"
  | "z";
type LeadingName<Text extends string, Name extends string = ""> = Text extends `${infer Char}${infer Rest}`
  ? Lowercase<Char> extends Letter
    ? LeadingName<Rest, `${Name}${Char}`>
    : Name
  : Name;

export type FieldValue = string | number | undefined;
/** The fields an event's text names, and any further ones for those who read records. */
export type EventFields<Name extends EventName> = Readonly<
  Record<FieldNames<(typeof catalogue)[Name]["text"]>, FieldValue>
> &
  Readonly<Record<string, FieldValue>>;

export interface EventRecord {
  readonly name: EventName;
  readonly definition: EventDefinition;
  readonly at: Date;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export interface Events {
  /** True when somebody would hear the event: ask before building costly fields on a hot path. */
  wants(name: EventName): boolean;
  /** Tells an event. Never throws, never waits. */
  emit<Name extends EventName>(name: Name, fields: EventFields<Name>): void;
}
