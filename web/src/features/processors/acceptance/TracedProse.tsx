/** An edited text with a quiet mark at each paragraph: who wrote it. */

import type { ReactNode } from "react";
import type { Blob } from "../../../api/types";
import { text } from "../../../text";
import { type Origin, tracedParagraphs } from "./acceptedText";

export function TracedProse({ blob }: { blob: Blob }): ReactNode {
  return (
    <div className="prose written traced">
      {tracedParagraphs(blob).map(({ text: paragraph, origin }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text is shown as a whole
        <div key={index} data-origin={origin?.kind}>
          <p dir="auto">{paragraph}</p>
          {origin && <OriginMark origin={origin} />}
        </div>
      ))}
    </div>
  );
}

function OriginMark({ origin }: { origin: Origin }): ReactNode {
  return (
    <small className="origin-mark" title={text.acceptance.originMeaning[origin.kind]}>
      {text.acceptance.origins[origin.kind]}
      {origin.kind === "model" && origin.model && <bdi>{`, ${origin.model}`}</bdi>}
    </small>
  );
}
