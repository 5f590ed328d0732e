/** The help that lists the keys. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { text } from "../text";
import { DialogTitle } from "../ui/DialogTitle";
import { formatKeys } from "../ui/keys";

export function KeyboardDialog({ close }: { close: () => void }): ReactNode {
  return (
    <>
      <DialogTitle>{text.app.keyboard}</DialogTitle>
      <dl className="keys">
        {text.app.shortcuts.map(([keys, action]) => (
          <div key={keys}>
            <dt>
              <kbd>{formatKeys(keys)}</kbd>
            </dt>
            <dd>{action}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}
