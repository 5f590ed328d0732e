/**
 * Splits text of any language into its words and graphemes (what a reader sees as one sign).
 *
 * The rules for words are those of `src/reyna/domain/text/words.py`, and both are held to the same examples; see
 * docs/reference/text.md.
 */

// What browsers do not agree about, or what a writer counts as one word: e.g, 10:30, example.com, well-known.
const JOINT = /^[.:\-‐‑．：﹒﹕︓][\p{M}\p{Cf}]*$/u;
const READ = /[\p{L}\p{N}](?![\ufe0f\u20e3])/u; // a letter or digit that is not drawn as an emoji
const FOLLOWING = "\\u0300-\\u036f\\u200c\\u200d\\u302a-\\u302f\\u3099\\u309a\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}";
const SIGN = // Han and hiragana
  "\\u2e80-\\u2fd5\\u3005\\u3007\\u3021-\\u3029\\u3038-\\u303b\\u3041-\\u3096\\u309d-\\u309f\\u3400-\\u4dbf" +
  "\\u4e00-\\u9fff\\uf900-\\ufaff\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3fffd}";
const KATAKANA = "\\u3031-\\u3035\\u30a1-\\u30fa\\u30fc-\\u30ff\\u31f0-\\u31ff\\uff66-\\uff9f";
const SIGNS = new RegExp(`[${SIGN}][${FOLLOWING}]*|[${KATAKANA}][${KATAKANA}${FOLLOWING}]*`, "gu");

type Segment = Pick<Intl.SegmentData, "segment" | "index">;
type Segments = (text: string) => Iterable<Segment>;

const wordSegments = createSegmenter("word", /[\p{L}\p{N}\p{M}_'’]+|./gsu);
const graphemeSegments = createSegmenter("grapheme", /\r\n|\P{M}\p{M}*(?:\u200d\P{M}\p{M}*)*|\p{M}+/gu);

/** Segments by the browser, or nearly so by a pattern where the browser cannot (before 2024). */
function createSegmenter(granularity: "word" | "grapheme", fallback: RegExp): Segments {
  if (!("Segmenter" in Intl))
    return (text) => Array.from(text.matchAll(fallback), (at) => ({ segment: at[0], index: at.index }));
  const segmenter = new Intl.Segmenter("en", { granularity });
  return (text) => segmenter.segment(text);
}

/** Returns the words in order, each as it is written. */
export function wordsOf(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  for (const sign of text.matchAll(SIGNS)) {
    found.push(...segmentedWords(text.slice(at, sign.index)), sign[0]);
    at = sign.index + sign[0].length;
  }
  found.push(...segmentedWords(text.slice(at)));
  return found;
}

export function wordCount(text: string): number {
  return wordsOf(text).length;
}

/** Returns the words of a text without Han and kana. */
function segmentedWords(text: string): string[] {
  const found: string[] = [];
  let [joint, afterWord] = ["", false];
  for (const { segment } of wordSegments(text)) {
    if (READ.test(segment)) {
      found.push(joint ? `${found.pop()}${joint}${segment}` : segment);
      [joint, afterWord] = ["", true];
    } else {
      [joint, afterWord] = [afterWord && JOINT.test(segment) ? segment : "", false];
    }
  }
  return found;
}

/** Returns the graphemes of a text: a letter with its accents, a flag, a family of emoji. */
export function graphemesOf(text: string): string[] {
  return Array.from(graphemeSegments(text), ({ segment }) => segment);
}

/** Returns the words and what stands between them, with no grapheme split; joined, they are the text again. */
export function segmentsOf(text: string): string[] {
  const starts = new Set(Array.from(graphemeSegments(text), ({ index }) => index));
  const pieces: string[] = [];
  for (const { segment, index } of wordSegments(text)) {
    pieces.push(starts.has(index) ? segment : `${pieces.pop() ?? ""}${segment}`);
  }
  return pieces;
}

/** Returns the beginning of a text: at most so many whole graphemes. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let [count, end] = [0, 0];
  for (const { segment, index } of graphemeSegments(text)) {
    if (count === limit) return text.slice(0, end);
    count += 1;
    end = index + segment.length;
  }
  return text;
}

/** Returns the text, truncated with an ellipsis, which counts, when it is too long. */
export function ellipsize(text: string, limit: number): string {
  return truncate(text, limit) === text ? text : `${truncate(text, limit - 1).trimEnd()}…`;
}

/** Returns the last position at or before `at` that is not inside a grapheme. */
export function graphemeBoundaryBefore(text: string, at: number): number {
  for (const { segment, index } of graphemeSegments(text)) if (index + segment.length > at) return index;
  return text.length;
}

/** Returns the first line of a text, short enough for a list. */
export function firstLine(text: string, limit = 60): string {
  return ellipsize(text.trimStart().split("\n", 1)[0] ?? "", limit);
}
