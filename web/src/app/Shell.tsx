/** The frame of the page: the bar above, the tree on the left, and what is open. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components";
import type { User } from "../api/types";
import { AccountMenu } from "../features/accounts/AccountMenu";
import { UnsavedBadge } from "../features/drafts/UnsavedBadge";
import { FileDrop } from "../features/files/FileDrop";
import { BucketTree } from "../features/library/BucketTree";
import { BucketPage } from "../features/library/page/BucketPage";
import { DeadLettersPage } from "../features/processors/deadLetters/DeadLettersPage";
import { PipelinesPage } from "../features/processors/pipelines/PipelinesPage";
import { ProcessorsPage } from "../features/processors/registry/ProcessorsPage";
import { RunsPage } from "../features/processors/runList/RunsPage";
import { TrashPage } from "../features/trash/TrashPage";
import { useRoute } from "../studio/context";
import { DialogContext, type DialogRequest, useOpenDialog } from "../studio/dialogs";
import { DEAD_LETTERS_ROUTE, PIPELINES_ROUTE, PROCESSORS_ROUTE, RUNS_ROUTE, TRASH_ROUTE } from "../studio/route";
import { text } from "../text";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Icon } from "../ui/Icon";
import { formatKeys } from "../ui/keys";
import { ConnectionMessage } from "./ConnectionMessage";
import { Dialogs } from "./Dialogs";
import { SideFooter } from "./SideFooter";
import { SideResizer } from "./SideResizer";
import { StorageBanner } from "./StorageBanner";
import { useScrollMemory } from "./scrollMemory";
import { useDocumentTitle, usePaletteShortcut, useUndoShortcuts } from "./shortcuts";
import { Welcome } from "./Welcome";

export function Shell({ user }: { user: User }): ReactNode {
  const [dialog, openDialog] = useState<DialogRequest | null>(null);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useScrollMemory(main, route);
  usePaletteShortcut(openDialog);
  useUndoShortcuts();
  useDocumentTitle();

  // What is chosen in the drawer is behind it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the route is the very thing to react to
  useEffect(() => setDrawerOpen(false), [route]);

  return (
    <DialogContext value={openDialog}>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        {text.app.skipToContent}
      </button>
      <div className="shell" data-drawer={isDrawerOpen || undefined}>
        <TopBar user={user} isDrawerOpen={isDrawerOpen} toggleDrawer={() => setDrawerOpen(!isDrawerOpen)} />
        <StorageBanner />
        <aside className="side" aria-label={text.app.buckets}>
          <ErrorBoundary>
            <BucketTree />
          </ErrorBoundary>
          <SideFooter />
          <SideResizer />
        </aside>
        <button className="scrim" type="button" tabIndex={-1} aria-hidden="true" onClick={() => setDrawerOpen(false)} />
        <main className="main" id="main" ref={main} tabIndex={-1}>
          <ErrorBoundary key={route}>
            <OpenPage route={route} userName={user.name} />
          </ErrorBoundary>
        </main>
      </div>
      <Dialogs dialog={dialog} close={() => openDialog(null)} />
    </DialogContext>
  );
}

interface TopBarProps {
  user: User;
  isDrawerOpen: boolean;
  toggleDrawer: () => void;
}

function TopBar({ user, isDrawerOpen, toggleDrawer }: TopBarProps): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <header className="bar">
      <Button
        className="icon-button drawer-button"
        aria-label={isDrawerOpen ? text.app.closeTree : text.app.openTree}
        aria-expanded={isDrawerOpen}
        onPress={toggleDrawer}
      >
        <Icon name={isDrawerOpen ? "close" : "menu"} />
      </Button>
      <a className="brand" href="#/" aria-label={text.app.startLink}>
        <Icon name="book" /> <span>{text.general.productName}</span>
      </a>
      <Button className="find" onPress={() => openDialog({ kind: "command-palette" })} aria-label={text.app.findOrDo}>
        <Icon name="search" /> <span>{text.app.findOrDo}</span> <kbd>{formatKeys("Ctrl K")}</kbd>
      </Button>
      <div className="bar-end">
        <ConnectionMessage />
        <UnsavedBadge />
        <AccountMenu user={user} />
      </div>
    </header>
  );
}

function OpenPage({ route, userName }: { route: string | null; userName: string }): ReactNode {
  switch (route) {
    case null:
      return <Welcome name={userName} />;
    case TRASH_ROUTE:
      return <TrashPage />;
    case PROCESSORS_ROUTE:
      return <ProcessorsPage />;
    case PIPELINES_ROUTE:
      return <PipelinesPage />;
    case RUNS_ROUTE:
      return <RunsPage />;
    case DEAD_LETTERS_ROUTE:
      return <DeadLettersPage />;
    default:
      return (
        <FileDrop bucketId={route} key={route}>
          <BucketPage bucketId={route} />
        </FileDrop>
      );
  }
}
