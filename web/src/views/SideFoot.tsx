/** Below the tree: undo and redo for it, and the way to the trash. */

import type { ReactNode } from "react";
import { keysInWords } from "../model/keys";
import { TRASH } from "../model/where";
import { useStudio, useWhere } from "./context";
import { Icon, type Picture } from "./icons";

export function SideFoot(): ReactNode {
  const { turns } = useStudio();
  const isOpen = useWhere() === TRASH;
  return (
    <div className="side-foot">
      <a href={`#/${TRASH}`} aria-current={isOpen ? "page" : undefined}>
        <Icon of="trash" /> Trash
      </a>
      <Turn name="Undo" keys="Ctrl Z" of="undo" act={turns.undo} />
      <Turn name="Redo" keys="Ctrl Shift Z" of="redo" act={turns.redo} />
    </div>
  );
}

interface TurnProps {
  name: string;
  keys: string;
  of: Picture;
  act: () => Promise<void>;
}

function Turn({ name, keys, of, act }: TurnProps): ReactNode {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={name}
      aria-keyshortcuts={keys.replace("Ctrl", "Control").replaceAll(" ", "+")}
      title={`${name} (${keysInWords(keys)})`}
      onClick={() => void act()}
    >
      <Icon of={of} />
    </button>
  );
}
