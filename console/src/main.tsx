import { render } from "preact";
import { App } from "./app.tsx";
import { findSession, session } from "./api.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/components.css";
import "./pages/pages.css";
import { followTitle } from "./title.ts";

findSession().catch(() => {
  session.value = null;
});
followTitle();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
