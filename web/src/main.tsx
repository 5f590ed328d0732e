/** Puts the page together and shows it. */

import { createRoot } from "react-dom/client";
import { Studio } from "./studio";
import { App } from "./views/App";
import "./styles/tokens.css";
import "./styles/controls.css";
import "./styles/dialogs.css";
import "./styles/history.css";
import "./styles/shell.css";
import "./styles/tree.css";
import "./styles/chapter.css";
import "./styles/trash.css";

const studio = new Studio(window, {
  local: window.localStorage,
  session: window.sessionStorage,
  channel: () => ("BroadcastChannel" in window ? new BroadcastChannel("reyna.windows") : null),
});

const page = document.getElementById("page");
if (page) createRoot(page).render(<App studio={studio} />);
