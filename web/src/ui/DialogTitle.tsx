/** The heading of a dialog. */

import type { ReactNode } from "react";
import { Heading } from "react-aria-components";

export function DialogTitle({ children }: { children: ReactNode }): ReactNode {
  return (
    <Heading slot="title" className="dialog-title">
      {children}
    </Heading>
  );
}
