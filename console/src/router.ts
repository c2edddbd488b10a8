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

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split("?", 2);
  return { path: path === "" ? "/" : path, query: new URLSearchParams(query) };
}
