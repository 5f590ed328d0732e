/** Creates the studio and renders the page. */

import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { Studio } from "./studio/studio";
import "@fontsource-variable/literata/wght.css";
import "@fontsource-variable/literata/wght-italic.css";
import "@fontsource-variable/source-sans-3/wght.css";
import "./styles/tokens.css";
import "./styles/controls.css";
import "./styles/dialogs.css";
import "./styles/history.css";
import "./styles/shell.css";
import "./styles/tree.css";
import "./styles/chapter.css";
import "./styles/editor.css";
import "./styles/outline.css";
import "./styles/touch.css";
import "./styles/trash.css";
import "./styles/processors.css";
import "./styles/blobContent.css";
import "./styles/books.css";
import "./styles/files.css";
import "./styles/pitches.css";
import "./styles/templates.css";

const openChannel = (name: string) => ("BroadcastChannel" in window ? new BroadcastChannel(name) : null);

const studio = new Studio(window, {
  local: window.localStorage,
  session: window.sessionStorage,
  openWindowChannel: () => openChannel("reyna.windows"),
  openAccountChannel: () => openChannel("reyna.accounts"),
});

const page = document.getElementById("page");
if (page) createRoot(page).render(<App studio={studio} />);
