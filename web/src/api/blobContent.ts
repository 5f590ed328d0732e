/** Reads the data of blobs, which is of any shape, as the kinds of content that this page knows. */

import type { Blob } from "./types";

export const NOTE_SCHEMA = "text-input-v1";
export const EXPANSION_SCHEMA = "expanded-text-v1";
export const EDITED_SCHEMA = "edited-text-v1";
export const EXPANSION_PROCESSOR = "text-expansion";

/** An expansion; every field but `expanded` may be missing in what other processors make. */
export interface Expanded {
  expanded: string;
  expansion_ratio?: number;
  metrics?: { words?: number; sentences?: number; reading_ease?: number; grade_level?: number; tone?: string };
  model?: string;
  demonstration?: boolean;
  findings?: { kind: string; text: string }[];
}

/** Returns the text of a note, whatever else its data holds. */
export function contentOf(blob: Pick<Blob, "data">): string {
  const { content } = fieldsOf(blob.data);
  return typeof content === "string" ? content : "";
}

/** Returns the data as fields; data that is no object has none. */
export function fieldsOf(data: unknown): Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
}

/** Returns the expansion that a blob holds, or null when it holds something else. */
export function expandedOf(blob: Pick<Blob, "data">): Expanded | null {
  const fields = fieldsOf(blob.data);
  return typeof fields["expanded"] === "string" ? (fields as unknown as Expanded) : null;
}

/** Returns a text that shows a blob's data; data of an unknown kind is shown as JSON. */
export function textOf({ data }: Pick<Blob, "data">): string {
  const { content, expanded } = fieldsOf(data);
  const text = content ?? expanded;
  return typeof text === "string" ? text : JSON.stringify(data, null, 2);
}

/** Returns what a blob is called in lists: its title, or its own text; empty when it has neither. */
export function titleOf({ data }: Pick<Blob, "data">): string {
  const fields = fieldsOf(data);
  const texts = [fields["title"], fields["name"], fields["content"], fields["expanded"]];
  return texts.find((value): value is string => typeof value === "string" && value.trim() !== "") ?? "";
}
