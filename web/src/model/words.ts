/** Numbers, sizes and times as people say them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

export function words(count: number): string {
  return counted(count, "word");
}

/** "1 note", "1,200 notes". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** "2 buckets and 5 texts", where a text is a note or what was made of one; empty when there is neither. */
export function bothCounted(buckets: number, texts: number): string {
  return [buckets > 0 ? counted(buckets, "bucket") : "", texts > 0 ? counted(texts, "text") : ""]
    .filter(Boolean)
    .join(" and ");
}

/** A bucket's type as it is said: "book part". */
export function spoken(type: string): string {
  return type.replace(/-/g, " ");
}

/** How long ago, coarse enough not to nag: "12 s", "3 min", "2 h", "4 days". */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} days`;
}

/** Flesch reading ease in a word (Flesch, 1948: 0 very difficult, 100 very easy). */
export function easeInWords(score: number): string {
  if (score >= 80) return "easy";
  if (score >= 60) return "plain";
  if (score >= 50) return "fairly hard";
  if (score >= 30) return "hard";
  return "very hard";
}

/** The first line of a text, short enough for a list. */
export function firstLine(text: string, most = 60): string {
  const line = text.trimStart().split("\n", 1)[0] ?? "";
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line;
}

/** A name as the slug that a bucket's type must be: lower-case words joined by single hyphens. */
export function slug(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 64)
    .replace(/^-+|-+$/g, "");
}
