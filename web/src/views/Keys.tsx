/** Which keys do what. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { keysInWords } from "../model/keys";
import { Title } from "./Title";

const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl K", "Find a bucket, or do anything"],
  ["↑ ↓", "Walk through the tree"],
  ["→ ←", "Open and close a bucket in the tree"],
  ["Enter", "Show the bucket"],
  ["Alt ↑ ↓", "Move a bucket among its neighbours"],
  ["Alt → ←", "Move a bucket into the one above it, or out of its parent"],
  ["F2", "Rename"],
  ["Ins", "New bucket inside"],
  ["Del", "Move a bucket to the trash"],
  ["Ctrl Z", "Undo the last change of the tree, from whatever device (in a text: of the text)"],
  ["Ctrl Shift Z", "Do it again"],
  ["Ctrl Enter", "In a note: expand it"],
];

export function Keys({ close }: { close: () => void }): ReactNode {
  return (
    <>
      <Title>Keyboard</Title>
      <dl className="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keysInWords(keys)}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          Close
        </Button>
      </div>
    </>
  );
}
