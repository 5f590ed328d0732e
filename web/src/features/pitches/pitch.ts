/** Reads the data of a pitch as parts in their order: those that the pitch writer drafts, and those that people write. */

import { fieldsOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";

export const PITCH_SCHEMA = "pitch-v1";
export const PITCH_WRITER = "pitch-writer";
export const PITCH_EXPORT = "pitch-export";
export const DOCUMENT_SCHEMA = "exported-document-v1";

export type PitchVariant = "book" | "film" | "album" | "research-grant";

/** The parts that are drafted, in the order of the pitch. */
export const DRAFTED_PARTS = [
  "logline",
  "synopsis_short",
  "synopsis",
  "synopsis_long",
  "audience",
  "suggested_comparables",
  "characters",
  "selling_points",
  "query_letter",
] as const;
export type PitchPartName = (typeof DRAFTED_PARTS)[number];

const VARIANTS: readonly string[] = ["book", "film", "album", "research-grant"];
const WITHOUT_CHARACTERS: ReadonlySet<PitchVariant> = new Set<PitchVariant>(["album", "research-grant"]);
const LIST_PARTS: ReadonlySet<PitchPartName> = new Set<PitchPartName>([
  "suggested_comparables",
  "characters",
  "selling_points",
]);

export interface PitchLine {
  readonly name: string;
  readonly text: string;
  /** A suggestion of the model that nobody has looked up. */
  readonly isUnchecked: boolean;
}

export interface PitchPart {
  readonly name: PitchPartName;
  /** Null for a list. */
  readonly text: string | null;
  readonly lines: readonly PitchLine[];
  readonly isEmpty: boolean;
  /** What is wrong with the draft. */
  readonly remark: string | null;
}

export interface OwnSection {
  readonly heading: "hook" | "comparables" | "author_note" | { text: string };
  readonly text: string;
}

export interface Pitch {
  readonly title: string;
  readonly genre: string;
  readonly variant: PitchVariant;
  readonly parts: readonly PitchPart[];
  readonly sections: readonly OwnSection[];
}

export function isPitch(blob: Blob): boolean {
  return typeof fieldsOf(blob.data)["title"] === "string";
}

export function readPitch({ data }: Pick<Blob, "data">): Pitch {
  const fields = fieldsOf(data);
  const variant = VARIANTS.includes(textOf(fields["variant"])) ? (fields["variant"] as PitchVariant) : "book";
  const names = DRAFTED_PARTS.filter((name) => name !== "characters" || !WITHOUT_CHARACTERS.has(variant));
  return {
    title: textOf(fields["title"]),
    genre: textOf(fields["genre"]),
    variant,
    parts: names.map((name) => readPart(name, fields)),
    sections: readSections(fields),
  };
}

function readPart(name: PitchPartName, fields: Record<string, unknown>): PitchPart {
  const lines = listOf(fields[name]).map(readLine);
  const text = LIST_PARTS.has(name) ? null : textOf(fields[name]);
  const remarks = listOf(fields["remarks"]).map(fieldsOf);
  const remark = remarks.find((one) => one["part"] === name);
  return {
    name,
    text,
    lines,
    isEmpty: text === null ? lines.length === 0 : text.trim() === "",
    remark: remark ? textOf(remark["text"]) : null,
  };
}

function readLine(value: unknown): PitchLine {
  if (typeof value === "string") return { name: "", text: value, isUnchecked: false };
  const fields = fieldsOf(value);
  const isWork = typeof fields["work"] === "string";
  return {
    name: textOf(fields["work"]) || textOf(fields["name"]),
    text: textOf(fields["reason"]) || textOf(fields["description"]),
    isUnchecked: isWork && fields["checked"] !== true,
  };
}

function readSections(fields: Record<string, unknown>): OwnSection[] {
  const own: OwnSection[] = [
    { heading: "hook", text: textOf(fields["hook"]) },
    { heading: "comparables", text: listOf(fields["comparables"]).map(textOf).join("\n") },
    { heading: "author_note", text: textOf(fields["author_note"]) },
    ...listOf(fields["sections"])
      .map(fieldsOf)
      .map(({ heading, content }) => ({ heading: { text: textOf(heading) }, text: textOf(content) })),
  ];
  return own.filter(({ text }) => text !== "");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
