/** Below the tree: undo and redo for it, and the link to the trash. */

import type { ReactNode } from "react";
import { useRoute, useStudio } from "../studio/context";
import { linkTo, TRASH_ROUTE } from "../studio/route";
import { text } from "../text";
import { Icon, type IconName } from "../ui/Icon";
import { formatKeys } from "../ui/keys";

export function SideFooter(): ReactNode {
  const { undoRedo } = useStudio();
  const isOpen = useRoute() === TRASH_ROUTE;
  return (
    <div className="side-foot">
      <a href={linkTo(TRASH_ROUTE)} aria-current={isOpen ? "page" : undefined}>
        <Icon name="trash" /> {text.app.trash}
      </a>
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
