/** The frame: who is signed in, where to go, the page, and what was just done. */
import { session, signOut } from "./api.ts";
import { failed, Toasts } from "./components/toast.tsx";
import { pages } from "./pages/index.ts";
import { place } from "./router.ts";
import { SignIn } from "./sign-in.tsx";
import { switchTheme, theme } from "./theme.ts";

export function App() {
  const who = session.value;
  if (who === undefined) return <p class="visually-hidden">Connecting…</p>;
  if (who === null) return <SignIn />;
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
        <nav aria-label="Pages">
          <ul>
            {pages.map((one) => (
              <li key={one.path}>
                <a
                  href={`#${one.path}`}
                  aria-current={one === page ? "page" : undefined}
                  ref={one === page ? bringIntoView : null}
                >
                  {one.title}
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
      <main id="main" tabIndex={-1}>
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

/** On a narrow screen the navigation is one line that scrolls. */
function bringIntoView(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}
