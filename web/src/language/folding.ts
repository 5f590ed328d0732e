/** Folds text for search, by the same rules and examples as `src/reyna/domain/text/folding.py`. */

// Accents, points of Hebrew, vowel signs of Arabic, and tatweel. Vowel signs of Indic scripts and of Thai are letters.
const ACCENTS = new RegExp(
  "[\\u0300-\\u036f\\u0483-\\u0487\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u0610-\\u061a\\u0640\\u064b-\\u065f" +
    "\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]",
  "gu",
);
const UNSEEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;
// Letters that are no composition of another one and an accent, and are typed as that other one all the same.
const PLAIN: Record<string, string> = {
  ø: "o",
  đ: "d",
  ł: "l",
  ħ: "h",
  ŧ: "t",
  ð: "d",
  þ: "th",
  æ: "ae",
  œ: "oe",
  ı: "i",
  ß: "ss",
  ς: "σ",
};
const LETTERS = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "gu");

/** Returns the form in which names are compared: without case, accents, width and what nobody sees. */
export function foldForSearch(text: string): string {
  const plain = text.normalize("NFKD").replace(ACCENTS, "").replace(UNSEEN, "");
  const lower = plain.toUpperCase().toLowerCase();
  const composed = lower.replace(LETTERS, (letter) => PLAIN[letter] ?? letter).normalize("NFKC");
  return composed.replace(ACCENTS, "").toLowerCase().replace(/\s+/g, " ").trim();
}
