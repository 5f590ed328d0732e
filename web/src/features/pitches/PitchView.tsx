/** A pitch to read: its parts in their order, each of which can be edited or drafted again, and its page to download. */

import type { ReactNode } from "react";
import type { Blob } from "../../api/types";
import { text } from "../../text";
import { Prose } from "../processors/Prose";
import { PitchExport } from "./PitchExport";
import { PitchPartView } from "./PitchPartView";
import { type OwnSection, readPitch } from "./pitch";
import { RedraftState } from "./RedraftState";

export function PitchView({ blob }: { blob: Blob }): ReactNode {
  const pitch = readPitch(blob);
  return (
    <div className="pitch">
      <header>
        <h3 dir="auto">{pitch.title}</h3>
        <p className="quiet" dir="auto">
          {[text.pitches.variants[pitch.variant], pitch.genre].filter(Boolean).join(text.trash.separator)}
        </p>
      </header>
      <PitchExport blob={blob} />
      <RedraftState blob={blob} />
      {pitch.parts.map((part) => (
        <PitchPartView blob={blob} part={part} variant={pitch.variant} key={part.name} />
      ))}
      {pitch.sections.map((section, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two sections may have the same heading
        <Section section={section} key={index} />
      ))}
    </div>
  );
}

function Section({ section: { heading, text: written } }: { section: OwnSection }): ReactNode {
  return (
    <section className="pitch-part">
      <h4 dir="auto">{typeof heading === "string" ? text.pitches.ownHeadings[heading] : heading.text}</h4>
      <Prose text={written} isGrowing={false} />
    </section>
  );
}
