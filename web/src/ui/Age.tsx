/** How long ago something was, with the exact time behind it. */

import type { ReactNode } from "react";
import { text } from "../text";
import { formatAge } from "../text/quantities";

const JUST_NOW_MS = 60_000;

interface AgeProps {
  at: string;
  /** The present (ms). */
  now: number;
  /** Puts the age in a sentence. */
  describe?: (age: string) => string;
}

export function Age({ at, now, describe = (age) => age }: AgeProps): ReactNode {
  const time = new Date(at);
  const age = now - time.getTime();
  return (
    <time dateTime={at} title={time.toLocaleString()}>
      {describe(age < JUST_NOW_MS ? text.trash.justNow : text.trash.ago(formatAge(age)))}
    </time>
  );
}
