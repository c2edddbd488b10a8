/** The frame: who is signed in, where to go, the page, and what was just done. */
import { relayName, session, signOut, type Session } from "./api.ts";
import { useEffect } from "preact/hooks";
import { failed, Toasts } from "./components/toast.tsx";
import { silentSince } from "./connection.ts";
import { MissingNodes } from "./missing-nodes.tsx";
import { NoAnswer } from "./no-answer.tsx";
import { pages, type Page } from "./pages/index.ts";
import { headlines, troubles, watchRelay } from "./relay-watch.ts";
import { place } from "./router.ts";
import { SignIn } from "./sign-in.tsx";
import { switchTheme, theme } from "./theme.ts";
import { findNode, thisNode } from "./this-node.ts";

export function App() {
  const who = session.value;
  if (who === undefined) return <p class="visually-hidden">Connecting…</p>;
  return who === null ? <SignIn /> : <Frame who={who} />;
}

function Frame({ who }: { who: Session }) {
  useEffect(watchRelay, []);
  useEffect(findNode, []);
  const isSilent = silentSince.value !== undefined;
  const { path, query } = place.value;
  const page = pages.find((one) => one.path === path);
  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="side">
        <a class="brand" href="#/">
          Weir
        </a>
        {relayName.value !== undefined && <span class="relay-name muted">{relayName.value}</span>}
        <nav aria-label="Pages">
          <ul>
            {pages.filter(isShown).map((one) => (
              <li key={one.path}>
                <a
                  href={`#${one.path}`}
                  aria-current={one === page ? "page" : undefined}
                  ref={one === page ? bringIntoView : null}
                >
                  {one.title}
                  {one.path === "/" && !isSilent && <TroubleCount />}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <span class="who-name">
            {who.name} <span class="muted">{who.role}</span>
          </span>
          <button type="button" class="quiet" onClick={switchTheme}>
            {theme.value === "dark" ? "Light" : "Dark"}
          </button>
          <button type="button" class="quiet" onClick={() => void signOut().catch(failed)}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1} class={isSilent ? "stale" : ""}>
        <NoAnswer />
        <MissingNodes />
        {page === undefined ? (
          <div class="page">
            <h1>There is no such page</h1>
            <p>
              <a href="#/">Now</a>
            </p>
          </div>
        ) : (
          <page.component key={page.path} query={query} />
        )}
      </main>
      <Toasts />
    </div>
  );
}

function isShown({ isOfNodes }: Page): boolean {
  return isOfNodes === undefined || typeof thisNode.value === "string";
}

function TroubleCount() {
  const count = troubles(headlines.value);
  if (count === 0) return null;
  return (
    <span class="trouble-count" title={`${count} that need looking at`}>
      {" "}
      {count}
    </span>
  );
}

/** On a narrow screen the navigation is one line that scrolls. */
function bringIntoView(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}
