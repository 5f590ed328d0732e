/** What the actions of the features work with. */

import type { ApiClient } from "../api/client";
import type { Connection } from "../api/connection";
import type { Drafts } from "../features/drafts/drafts";
import type { UndoRedo } from "../features/undo/undoRedo";
import type { Notices } from "./notices";
import type { Queries } from "./queries";
import type { Route } from "./route";

export interface ActionDependencies {
  readonly api: ApiClient;
  readonly connection: Connection;
  readonly drafts: Drafts;
  readonly notices: Notices;
  readonly queries: Queries;
  readonly route: Route;
  readonly undoRedo: UndoRedo;
  /** Keeps a text that would otherwise be lost. */
  readonly setAside: (text: string, reason: string) => void;
}

/** Returns a key under which a repeated create makes nothing twice. */
export function newIdempotencyKey(prefix: string): string {
  return `${prefix}-${Date.now()}-${Math.random()}`;
}
