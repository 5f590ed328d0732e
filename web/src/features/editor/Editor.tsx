/** The editor of a note, which is loaded when the first one is needed; until then, and when it cannot be, a text area.
 *
 * Both give back exactly what was typed, to the last space: a note is plain text, whose Markdown is only styled.
 */

import { lazy, type ReactNode, Suspense, useRef } from "react";
import type { EditorProps } from "./editorProps";
import { PlainEditor } from "./PlainEditor";

const ProseEditor = lazy(() => import("./prose/ProseEditor").catch(() => ({ default: PlainEditor })));

export function Editor(props: EditorProps): ReactNode {
  const cursor = useRef<number | null>(null);
  return (
    <Suspense fallback={<PlainEditor {...props} cursor={cursor} />}>
      <ProseEditor {...props} cursor={cursor} />
    </Suspense>
  );
}
