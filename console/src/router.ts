/** Where the user is: `#/events?source=10.0.0.1`. */
import { signal } from "@preact/signals";

export interface Place {
  /** `/events` */
  readonly path: string;
  readonly query: URLSearchParams;
}

export const place = signal<Place>(read());

addEventListener("hashchange", () => {
  place.value = read();
});

/** The address of a page; what is undefined or empty is left out. */
export function linkTo(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> | URLSearchParams = {},
): string {
  const given = new URLSearchParams();
  for (const [name, value] of query instanceof URLSearchParams ? query : Object.entries(query))
    if (value !== undefined && value !== "") given.append(name, String(value));
  return given.size === 0 ? `#${path}` : `#${path}?${given.toString()}`;
}

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split("?", 2);
  return { path: path === "" ? "/" : path, query: new URLSearchParams(query) };
}
