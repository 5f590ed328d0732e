/** A text of the catalogue whose `{places}` are filled with elements. */

import { Fragment, type ReactNode } from "react";

interface MessageProps {
  text: string;
  values: Readonly<Record<string, ReactNode>>;
}

export function Message({ text, values }: MessageProps): ReactNode {
  return text.split(/\{(\w+)\}/).map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence are never reordered
    index % 2 === 1 ? <Fragment key={index}>{values[part]}</Fragment> : part,
  );
}
