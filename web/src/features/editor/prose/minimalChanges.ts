/** Changes of the text that come from elsewhere, as transactions that move no more than they must. */

import { Transaction, type TransactionSpec } from "@codemirror/state";
import { editsBetween } from "../../../language/differences";

/** Returns the transaction that makes this text of that one; the writer's own undo steps over it. */
export function changeFromElsewhere(before: string, after: string): TransactionSpec {
  return {
    changes: editsBetween(before, after),
    annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
  };
}
