/** The browser's window: its WebSocket to the studio, and its events that saving and connecting depend on. */

import type { Connection } from "../api/connection";
import type { Drafts } from "../features/drafts/drafts";

/** Opens the WebSocket as this user, to go on behind the cursor; null for a page that knows nothing yet. */
export function openWebSocket(window: Window, user: string | null, cursor: string | null): WebSocket {
  const query = new URLSearchParams({
    ...(user ? { user } : {}),
    ...(cursor === null ? {} : { cursor }),
  });
  return new WebSocket(`${window.location.origin.replace(/^http/, "ws")}/ws?${query}`);
}

/** Sends what is unsaved as the page goes away, and reconnects when it is looked at or the network returns. */
export function watchWindow(window: Window, connection: Connection, drafts: Drafts): void {
  const { document } = window;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") drafts.sendAll();
    else connection.check();
  });
  window.addEventListener("pagehide", () => drafts.sendAll());
  window.addEventListener("online", () => {
    connection.check();
    drafts.retry();
  });
  window.addEventListener("offline", () => connection.check());
  window.addEventListener("beforeunload", (event) => {
    // What is merely on its way is stored and resumed; what only this window has is worth a question.
    const isWorthAsking = drafts.unsaved().some((draft) => draft.state.kind !== "saving" || !draft.isStored);
    if (isWorthAsking) event.preventDefault();
  });
}
