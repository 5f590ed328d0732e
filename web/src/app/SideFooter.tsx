/** Below the tree: undo and redo for it, and the links to the processors and the trash. */

import type { ReactNode } from "react";
import { useRoute, useStudio } from "../studio/context";
import {
  DEAD_LETTERS_ROUTE,
  linkTo,
  PIPELINES_ROUTE,
  PROCESSORS_ROUTE,
  RUNS_ROUTE,
  TRASH_ROUTE,
} from "../studio/route";
import { text } from "../text";
import { Icon, type IconName } from "../ui/Icon";
import { formatKeys } from "../ui/keys";

const PROCESSOR_ROUTES: ReadonlySet<string> = new Set([
  PROCESSORS_ROUTE,
  PIPELINES_ROUTE,
  RUNS_ROUTE,
  DEAD_LETTERS_ROUTE,
]);

export function SideFooter(): ReactNode {
  const { undoRedo } = useStudio();
  const route = useRoute() ?? "";
  return (
    <div className="side-foot">
      <nav aria-label={text.app.sections}>
        <a href={linkTo(PROCESSORS_ROUTE)} aria-current={PROCESSOR_ROUTES.has(route) ? "page" : undefined}>
          <Icon name="processor" /> {text.registry.processors}
        </a>
        <a href={linkTo(TRASH_ROUTE)} aria-current={route === TRASH_ROUTE ? "page" : undefined}>
          <Icon name="trash" /> {text.app.trash}
        </a>
      </nav>
      <ShortcutButton name={text.general.undo} keys="Ctrl Z" icon="undo" run={undoRedo.undo} />
      <ShortcutButton name={text.general.redo} keys="Ctrl Shift Z" icon="redo" run={undoRedo.redo} />
    </div>
  );
}

interface ShortcutButtonProps {
  name: string;
  keys: string;
  icon: IconName;
  run: () => Promise<void>;
}

function ShortcutButton({ name, keys, icon, run }: ShortcutButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={name}
      aria-keyshortcuts={keys.replace("Ctrl", "Control").replaceAll(" ", "+")}
      title={text.app.withKeys(name, formatKeys(keys))}
      onClick={() => void run()}
    >
      <Icon name={icon} />
    </button>
  );
}
