/** A style analysis as its reader sees it: numbers with their names, and findings in groups. */

import { fieldsOf } from "../../../api/blobContent";
import type { Blob } from "../../../api/types";
import { type MetricName, style as words } from "../../../text/processing/style";

export const STYLE_SCHEMA = "style-analysis-v1";
const MAX_SHOWN = 20; // findings of one kind

export interface StyleFact {
  name: string;
  value: string;
  meaning: string;
}

export interface StyleFinding {
  quote: string;
  message: string;
  suggestions: readonly string[];
}

/** The findings of one kind; `hidden` are those that are counted and not shown. */
export interface FindingGroup {
  kind: string;
  name: string;
  count: number;
  hidden: number;
  findings: readonly StyleFinding[];
}

export interface StyleText {
  title: string;
  value: string;
}

export interface StyleView {
  facts: readonly StyleFact[];
  readability: readonly StyleFact[];
  groups: readonly FindingGroup[];
  texts: readonly StyleText[];
  judgements: readonly StyleText[];
  missing: readonly StyleText[];
}

/** Returns true for an analysis with counted findings; older and foreign ones are shown by their schema. */
export function isStyleAnalysis(blob: Pick<Blob, "data">): boolean {
  const data = fieldsOf(blob.data);
  return Array.isArray(data["finding_counts"]) && typeof fieldsOf(data["metrics"])["words"] === "number";
}

export function readStyle(blob: Pick<Blob, "data">): StyleView {
  const data = fieldsOf(blob.data);
  return {
    facts: factsOf(data),
    readability: itemsOf(data["readability"]).map((one) => ({
      name: textIn(one, "name") || textIn(one, "formula"),
      value: words.number(numberIn(one, "value")),
      meaning: words.scales[textIn(one, "scale")] ?? "",
    })),
    groups: groupsOf(data),
    texts: itemsOf(data["texts"]).map((one, index) => ({
      title: textIn(one, "title") || words.numberedText(index + 1),
      value: describeText(one),
    })),
    judgements: itemsOf(data["judgements"]).map((one) => ({
      title: words.judgedBy(textIn(one, "about"), textIn(one, "model")),
      value: textIn(one, "text"),
    })),
    missing: itemsOf(data["not_available"]).map((one) => ({
      title: words.fieldName(textIn(one, "field")),
      value: textIn(one, "reason"),
    })),
  };
}

function factsOf(data: Record<string, unknown>): StyleFact[] {
  const metrics = fieldsOf(data["metrics"]);
  const facts = (Object.keys(words.metrics) as MetricName[]).flatMap((key) => {
    const value = metrics[key];
    const { name, meaning, format } = words.metrics[key];
    return typeof value === "number" ? [{ name, meaning, value: format(value) }] : [];
  });
  const spoken = [
    { ...words.voice, value: textIn(data, "voice") },
    { ...words.tone, value: textIn(data, "tone") },
  ];
  return [...facts, ...spoken.filter(({ value }) => value !== "")];
}

function groupsOf(data: Record<string, unknown>): FindingGroup[] {
  const findings = itemsOf(data["findings"]);
  return itemsOf(data["finding_counts"])
    .map((one) => {
      const kind = textIn(one, "kind");
      const own = findings.filter((finding) => finding["kind"] === kind).slice(0, MAX_SHOWN);
      const count = numberIn(one, "count");
      return {
        kind,
        name: words.kindName(kind),
        count,
        hidden: Math.max(0, count - own.length),
        findings: own.map(findingOf),
      };
    })
    .filter(({ count }) => count > 0);
}

function findingOf(finding: Record<string, unknown>): StyleFinding {
  const suggestions = finding["suggestions"];
  return {
    quote: textIn(finding, "quote"),
    message: textIn(finding, "message"),
    suggestions: Array.isArray(suggestions) ? suggestions.filter((one) => typeof one === "string") : [],
  };
}

function describeText(item: Record<string, unknown>): string {
  const metrics = fieldsOf(item["metrics"]);
  const pace = textIn(item, "pace");
  const parts = [
    words.metrics.words.format(numberIn(metrics, "words")),
    typeof metrics["average_sentence_words"] === "number" && words.perSentence(metrics["average_sentence_words"]),
    typeof metrics["dialogue_share"] === "number" && words.spoken(metrics["dialogue_share"]),
    pace !== "" && words.pace(pace),
  ];
  return parts.filter(Boolean).join(", ");
}

function itemsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function textIn(item: Record<string, unknown>, field: string): string {
  const value = item[field];
  return typeof value === "string" ? value : "";
}

function numberIn(item: Record<string, unknown>, field: string): number {
  const value = item[field];
  return typeof value === "number" ? value : 0;
}
