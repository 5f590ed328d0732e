/** Typographic quotation marks, apostrophes and dashes of several languages, for what is being typed. */

/** Outer and inner quotation marks, opening and closing. */
interface Quotes {
  outer: readonly [open: string, close: string];
  inner: readonly [open: string, close: string];
  /** Two hyphens become this dash, and a third one the other. */
  dash: "–" | "—";
}

const NARROW_SPACE = "\u202f"; // does not break
const ENGLISH: Quotes = { outer: ["“", "”"], inner: ["‘", "’"], dash: "—" };
const GERMAN: Quotes = { outer: ["„", "“"], inner: ["‚", "‘"], dash: "–" };
const GUILLEMETS: Quotes = { outer: ["«", "»"], inner: ["“", "”"], dash: "—" };

/** By language, or by language and region where they differ. Source: CLDR 46, `delimiters`. */
const QUOTES: Readonly<Record<string, Quotes>> = {
  en: ENGLISH,
  nl: { ...ENGLISH, outer: ["‘", "’"], inner: ["“", "”"], dash: "–" },
  pt: { ...ENGLISH, dash: "—" },
  de: GERMAN,
  "de-CH": { outer: ["«", "»"], inner: ["‹", "›"], dash: "–" },
  cs: GERMAN,
  pl: { outer: ["„", "”"], inner: ["«", "»"], dash: "–" },
  fr: { outer: [`«${NARROW_SPACE}`, `${NARROW_SPACE}»`], inner: ["“", "”"], dash: "—" },
  es: GUILLEMETS,
  it: GUILLEMETS,
  ru: { outer: ["«", "»"], inner: ["„", "“"], dash: "—" },
  uk: { outer: ["«", "»"], inner: ["„", "“"], dash: "—" },
  da: { outer: ["»", "«"], inner: ["›", "‹"], dash: "–" },
  sv: { outer: ["”", "”"], inner: ["’", "’"], dash: "–" },
  fi: { outer: ["”", "”"], inner: ["’", "’"], dash: "–" },
};

/** The languages whose quotation marks can be chosen. */
export const QUOTE_LANGUAGES: readonly string[] = Object.keys(QUOTES);

/** Characters behind the cursor that give way to `insert`. */
export interface SmartInput {
  remove: number;
  insert: string;
}

/** Returns the language tag's marks: those of the region, of the language, or else of English. */
function quotesOf(language: string): Quotes {
  return QUOTES[language] ?? QUOTES[language.split("-", 1)[0] ?? ""] ?? ENGLISH;
}

/** Returns what stands in place of a character that is typed behind `before`, a line up to the cursor; null to leave it. */
export function smartInput(before: string, typed: string, language: string): SmartInput | null {
  const quotes = quotesOf(language);
  switch (typed) {
    case '"':
      return { remove: 0, insert: quotes.outer[isOpening(before) ? 0 : 1] };
    case "'":
      return { remove: 0, insert: singleQuote(before, quotes) };
    case "-":
      return smartDash(before, quotes);
    case ".":
      return /(?<!\.)\.\.$/.test(before) ? { remove: 2, insert: "…" } : null;
    default:
      return null;
  }
}

/** A quotation opens at the start, behind a space, a bracket or a dash, and behind another opening mark. */
function isOpening(before: string): boolean {
  return before === "" || /[\s([{<—–*_"„“«‘‚‹»]$/u.test(before.replace(/[\p{L}\p{N}.,!?…]["“”»«]$/u, "x"));
}

function singleQuote(before: string, quotes: Quotes): string {
  if (/[\p{L}\p{N}]$/u.test(before) && !hasOpen(before, quotes.inner)) return "’";
  return isOpening(before) ? quotes.inner[0] : quotes.inner[1];
}

/** True when the line has an inner quotation that is not closed yet. */
function hasOpen(before: string, [open, close]: readonly [string, string]): boolean {
  return open !== close && before.lastIndexOf(open) > before.lastIndexOf(close);
}

function smartDash(before: string, { dash }: Quotes): SmartInput | null {
  if (/^[\s-]*$/.test(before)) return null; // a list, or a scene break
  if (before.endsWith("-") && !before.endsWith("--")) return { remove: 1, insert: dash };
  if (before.endsWith("–")) return { remove: 1, insert: "—" };
  return null;
}
