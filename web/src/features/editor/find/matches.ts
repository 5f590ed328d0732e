/** Finds and replaces in a text. */

export interface FindQuery {
  search: string;
  isCaseSensitive: boolean;
  isWholeWords: boolean;
}

export interface Match {
  from: number;
  to: number;
}

const MAX_MATCHES = 10_000; // in one text; nobody steps through more

/** Returns every match in order; none for an empty search. */
export function findMatches(text: string, query: FindQuery): Match[] {
  const pattern = patternOf(query);
  if (!pattern) return [];
  const found: Match[] = [];
  for (const match of text.matchAll(pattern)) {
    found.push({ from: match.index, to: match.index + match[0].length });
    if (found.length === MAX_MATCHES) break;
  }
  return found;
}

/** Returns the text with every match replaced; the replacement is taken as it is written. */
export function replaceMatches(text: string, query: FindQuery, replacement: string): string {
  const pattern = patternOf(query);
  return pattern ? text.replace(pattern, () => replacement) : text;
}

/** Straight marks find typographic ones too, because those are what the keyboard has. */
function patternOf({ search, isCaseSensitive, isWholeWords }: FindQuery): RegExp | null {
  if (search === "") return null;
  const escaped = search
    .replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
    .replaceAll("'", "['’‘]")
    .replaceAll('"', '["“”„«»]');
  const pattern = isWholeWords ? `(?<![\\p{L}\\p{N}_])(?:${escaped})(?![\\p{L}\\p{N}_])` : escaped;
  return new RegExp(pattern, isCaseSensitive ? "gu" : "giu");
}
