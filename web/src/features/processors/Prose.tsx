/** A text in paragraphs; while it is growing, new paragraphs are added at its end. */

import type { ReactNode } from "react";

export function Prose({ text, isGrowing }: { text: string; isGrowing: boolean }): ReactNode {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== "");
  return (
    <div className="prose written" data-growing={isGrowing || undefined}>
      {paragraphs.map((paragraph, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs are only ever added at the end
        <p key={index} dir="auto">
          {paragraph}
        </p>
      ))}
    </div>
  );
}
