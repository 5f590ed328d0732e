/** Accepted texts: their paragraphs with where each is from, and which paragraphs of a derived text are among them. */

import { contentOf, fieldsOf } from "../../../api/blobContent";
import type { Blob } from "../../../api/types";
import { splitParagraphs } from "../../../language/paragraphs";

const PERSON_PROCESSOR = "user-input";

export type OriginKind = "person" | "model" | "import";

export interface Origin {
  kind: OriginKind;
  blobId: string | null;
  /** The number of the paragraph in that blob, from 1. */
  paragraph: number | null;
  model: string | null;
}

export interface TracedParagraph {
  text: string;
  /** Null where it is not known. */
  origin: Origin | null;
}

/** Returns the paragraphs of an edited text; origins are known only when there is one for each. */
export function tracedParagraphs(blob: Pick<Blob, "data">): TracedParagraph[] {
  const texts = splitParagraphs(contentOf(blob));
  const listed = fieldsOf(blob.data)["paragraphs"];
  const origins = Array.isArray(listed) && listed.length === texts.length ? listed.map(originOf) : [];
  return texts.map((text, index) => ({ text, origin: origins[index] ?? null }));
}

function originOf(entry: unknown): Origin | null {
  const from = fieldsOf(fieldsOf(entry)["from"]);
  const { kind, blob_id: blobId, paragraph, model } = from;
  if (kind !== "person" && kind !== "model" && kind !== "import") return null;
  return {
    kind,
    blobId: typeof blobId === "string" ? blobId : null,
    paragraph: typeof paragraph === "number" ? paragraph : null,
    model: typeof model === "string" ? model : null,
  };
}

/** Returns the numbers of the paragraphs of a derived blob that stand in the accepted text, from 1. */
export function acceptedNumbers(accepted: Pick<Blob, "data"> | null, derivedId: string): ReadonlySet<number> {
  const numbers = new Set<number>();
  if (accepted === null) return numbers;
  for (const { origin } of tracedParagraphs(accepted)) {
    if (origin?.blobId === derivedId && origin.paragraph !== null) numbers.add(origin.paragraph);
  }
  return numbers;
}

/** Returns the accepted text among what was derived from a note; null before the first acceptance. */
export function findAccepted(derived: readonly Blob[]): Blob | null {
  const traced = derived.filter(
    (blob) => blob.processor_id === PERSON_PROCESSOR && Array.isArray(fieldsOf(blob.data)["paragraphs"]),
  );
  return traced.find(({ trashed_at }) => !trashed_at) ?? null;
}
