/** Words of a style analysis: its numbers, kinds of findings, and what could not be said. */

import { describeReadingEase, formatCount, formatWordCount } from "../quantities";
import { humanize } from "./content";

export type MetricName = keyof typeof metrics;

const KINDS: Readonly<Record<string, string>> = {
  passive: "Passive voice",
  adverb: "Adverbs",
  filter_word: "Filter words",
  filler: "Fillers",
  cliche: "Clichés",
  repeated_word: "Repeated words",
  repeated_phrase: "Repeated phrases",
  long_sentence: "Long sentences",
  same_opening: "Sentences that begin alike",
  grammar: "Grammar and spelling",
};

const percent = (share: number) => `${Math.round(share * 100)} %`;
const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 1 });

const metrics = {
  words: { name: "Length", meaning: "Words of the text", format: formatWordCount },
  sentences: { name: "Sentences", meaning: "Sentences of the text", format: (count: number) => number(count) },
  paragraphs: { name: "Paragraphs", meaning: "Paragraphs of the text", format: (count: number) => number(count) },
  reading_minutes: {
    name: "Reading time",
    meaning: "Silent reading of 238 words a minute",
    format: (minutes: number) => (minutes < 1 ? "less than a minute" : formatCount(Math.round(minutes), "minute")),
  },
  reading_ease: {
    name: "Reading ease",
    meaning: "Flesch reading ease: 0 is hard, 100 is easy",
    format: (score: number) => `${Math.round(score)}, ${describeReadingEase(score)}`,
  },
  average_sentence_words: {
    name: "Sentence length",
    meaning: "Words per sentence, on average",
    format: (words: number) => `${number(words)} words`,
  },
  longest_sentence_words: {
    name: "Longest sentence",
    meaning: "Words of the longest sentence",
    format: formatWordCount,
  },
  sentence_length_deviation: {
    name: "Sentence variety",
    meaning: "How far sentence lengths are from their average: the higher, the more varied",
    format: (words: number) => `± ${number(words)} words`,
  },
  dialogue_share: { name: "Dialogue", meaning: "The share of words that is spoken", format: percent },
  passive_share: { name: "Passive", meaning: "The share of sentences with a passive", format: percent },
  mtld: {
    name: "Variety of words",
    meaning: "MTLD: words in a row that keep their variety; novels have about 80 to 120",
    format: number,
  },
  sentiment: {
    name: "Sentiment",
    meaning: "From -1, negative words only, to 1, positive words only",
    format: (value: number) => `${number(value)}, ${describeSentiment(value)}`,
  },
};

const SCALES: Readonly<Record<string, string>> = {
  ease: "0 is hard, 100 is easy",
  grade: "Years of school",
  difficulty: "20 is very easy, 60 is very hard",
};

export const style = {
  metrics,
  number,
  scales: SCALES,
  voice: { name: "Told in", meaning: "Who tells it and when, outside of dialogue" },
  tone: { name: "Tone", meaning: "The tone of the text, by a short list of words" },
  readability: "Readability",
  judgements: "What a language model thinks",
  texts: "Text by text",
  findings: "Worth another look",
  nothingFound: "Nothing was found.",
  groupTitle: (name: string, count: number) => `${name}: ${count.toLocaleString("en")}`,
  instead: (suggestions: readonly string[]) => `Instead: ${suggestions.join(", ")}`,
  missing: (count: number) => `Not said of this text: ${count}`,
  numberedText: (number: number) => `Text ${number}`,
  perSentence: (words: number) => `${number(words)} words per sentence`,
  spoken: (share: number) => `${percent(share)} dialogue`,
  pace: (pace: string) => `${pace} pace`,
  judgedBy: (about: string, model: string) => (model === "" ? humanize(about) : `${humanize(about)}, says ${model}`),
  kindName: (kind: string) => KINDS[kind] ?? humanize(kind),
  /** "Passive voice" for findings.passive, "Mtld" for metrics.mtld. */
  fieldName: (field: string) => {
    const last = field.split(".").at(-1) ?? field;
    return KINDS[last] ?? (last in metrics ? metrics[last as MetricName].name : humanize(last));
  },
};

function describeSentiment(value: number): string {
  if (value >= 0.25) return "mostly positive";
  return value <= -0.25 ? "mostly negative" : "balanced";
}
