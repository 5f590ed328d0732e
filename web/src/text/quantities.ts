/** Counts, ages and scores in English words. */

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const KILOBYTE = 1_000;
const BYTE_UNITS = ["kB", "MB", "GB", "TB"];
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** "1 note", "1,200 notes". */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;
}

export function formatWordCount(count: number): string {
  return formatCount(count, "word");
}

/** "512 bytes", "1.4 MB": in units of 1,000, as systems show the sizes of files. */
export function formatBytes(bytes: number): string {
  if (bytes < KILOBYTE) return formatCount(bytes, "byte");
  const steps = Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length);
  const value = bytes / KILOBYTE ** steps;
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 })} ${BYTE_UNITS[steps - 1]}`;
}

/** "2 buckets and 5 texts", where a text is a note or what was made of one; empty when there is neither. */
export function formatBucketsAndTexts(buckets: number, texts: number): string {
  return [buckets > 0 ? formatCount(buckets, "bucket") : "", texts > 0 ? formatCount(texts, "text") : ""]
    .filter(Boolean)
    .join(" and ");
}

/** An age, coarse enough not to nag: "12 s", "3 min", "2 h", "4 days". */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < MINUTE_SECONDS) return `${seconds} s`;
  if (seconds < HOUR_SECONDS) return `${Math.floor(seconds / MINUTE_SECONDS)} min`;
  if (seconds < 2 * DAY_SECONDS) return `${Math.floor(seconds / HOUR_SECONDS)} h`;
  return `${Math.floor(seconds / DAY_SECONDS)} days`;
}

/** A Flesch reading ease in a word (Flesch, 1948: 0 very difficult, 100 very easy). */
export function describeReadingEase(score: number): string {
  if (score >= 80) return "easy";
  if (score >= 60) return "plain";
  if (score >= 50) return "fairly hard";
  if (score >= 30) return "hard";
  return "very hard";
}
