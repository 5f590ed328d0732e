/** The schemas with a view of their own; every other blob is shown by what its schema says. */

import type { ComponentType, ReactNode } from "react";
import { contentOf, EDITED_SCHEMA, EXPANSION_SCHEMA, expandedOf, NOTE_SCHEMA } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { CompiledBookView } from "../books/CompiledBookView";
import { COMPILED_SCHEMA, isCompiledBook } from "../books/compiledBook";
import { IMAGE_SCHEMA, MASTER_SCHEMA, STEM_SCHEMA } from "../files/fileKinds";
import { AudioView, hasFile, ImageView } from "../files/MediaView";
import { ExportedDocumentView, isExportedDocument } from "../pitches/PitchExport";
import { PitchView } from "../pitches/PitchView";
import { DOCUMENT_SCHEMA, isPitch, PITCH_SCHEMA } from "../pitches/pitch";
import { tracedParagraphs } from "../processors/acceptance/acceptedText";
import { TracedProse } from "../processors/acceptance/TracedProse";
import { ExpansionText } from "../processors/ExpansionText";
import { Prose } from "../processors/Prose";
import { StyleAnalysis } from "./style/StyleAnalysis";
import { isStyleAnalysis, STYLE_SCHEMA } from "./style/styleAnalysis";

interface ContentView {
  /** Returns false for data that it cannot show. */
  canShow: (blob: Blob) => boolean;
  View: ComponentType<{ blob: Blob }>;
}

const VIEWS: Readonly<Record<string, ContentView>> = {
  [EXPANSION_SCHEMA]: { canShow: (blob) => expandedOf(blob) !== null, View: ExpansionView },
  [NOTE_SCHEMA]: {
    canShow: (blob) => contentOf(blob) !== "" && Object.keys(Object(blob.data)).length === 1,
    View: NoteView,
  },
  [EDITED_SCHEMA]: { canShow: (blob) => tracedParagraphs(blob).some(({ origin }) => origin), View: TracedProse },
  [COMPILED_SCHEMA]: { canShow: isCompiledBook, View: CompiledBookView },
  [PITCH_SCHEMA]: { canShow: isPitch, View: PitchView },
  [DOCUMENT_SCHEMA]: { canShow: isExportedDocument, View: ExportedDocumentView },
  [IMAGE_SCHEMA]: { canShow: hasFile, View: ImageView },
  [STEM_SCHEMA]: { canShow: hasFile, View: AudioView },
  [MASTER_SCHEMA]: { canShow: hasFile, View: AudioView },
  [STYLE_SCHEMA]: { canShow: isStyleAnalysis, View: StyleAnalysis },
};

/** Returns the view for a blob; undefined when none is made for its schema. */
export function viewOf(blob: Blob): ContentView["View"] | undefined {
  const view = VIEWS[blob.schema_id];
  return view?.canShow(blob) ? view.View : undefined;
}

function ExpansionView({ blob }: { blob: Blob }): ReactNode {
  return <ExpansionText blob={blob} noteRevision={0} />;
}

function NoteView({ blob }: { blob: Blob }): ReactNode {
  return <Prose text={contentOf(blob)} isGrowing={false} />;
}
