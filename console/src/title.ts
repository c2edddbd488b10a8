/** The window's title: how many sentences matter, the page, which relay it is; that there is no answer comes first. */
import { effect } from "@preact/signals";
import { relayName, session } from "./api.ts";
import { silentSince } from "./connection.ts";
import { pages } from "./pages/index.ts";
import { headlines, troubles } from "./relay-watch.ts";
import { place } from "./router.ts";

export function titleText(
  page: string | undefined,
  relay: string | undefined,
  count: number,
  isSilent: boolean,
): string {
  const sign = isSilent ? "No answer · " : count > 0 ? `(${count}) ` : "";
  return `${sign}${[page, relay].filter((part) => part !== undefined).join(" · ")} – Weir`.replace(
    /^ – /,
    "",
  );
}

/** Keeps it so. */
export function followTitle(): void {
  effect(() => {
    const isSignedIn = session.value !== undefined && session.value !== null;
    const page = pages.find(({ path }) => path === place.value.path)?.title;
    document.title = titleText(
      isSignedIn ? page : undefined,
      relayName.value,
      isSignedIn ? troubles(headlines.value) : 0,
      silentSince.value !== undefined,
    );
  });
}
