/** What a parser of configured text returns: the value, or a message for people that says what is wrong. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

export const parsed = <Value>(value: Value): Parsed<Value> => ({ ok: true, value });
export const unparsable = (message: string): { readonly ok: false; readonly message: string } => ({
  ok: false,
  message,
});

/** Shows outside text inside a message: quoted, control characters escaped, cut at 60 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
