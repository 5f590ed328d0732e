/** The paragraphs of a text, by the rule of `src/reyna/domain/text/paragraphs.py`. */

const BLANK_LINES = /\r?\n(?:[^\S\n]*\n)+/;

/** Returns what stands between blank lines, in order. */
export function splitParagraphs(text: string): string[] {
  return text.split(BLANK_LINES).filter((paragraph) => paragraph.trim() !== "");
}
