/** The content of a blob as headings, prose, lists and facts: what a reader sees of data of any schema. */

import { fieldsOf } from "../../api/blobContent";
import { humanize, content as words } from "../../text/processing/content";
import { resolve, withoutNull } from "../processors/settings/schemaFields";

const MAX_FACT = 60; // characters; a longer text is prose
const MAX_DEPTH = 8; // of headings inside of headings; what is deeper is shown as data
const MAX_ITEMS = 200; // of one list
const MAX_COLUMNS = 4;
const MIN_ROWS = 2;
const MAX_DIGITS = 3; // behind the point

/** A short value with its name. */
export interface Fact {
  name: string;
  value: string;
}

export type ContentPart =
  | { kind: "facts"; facts: readonly Fact[] }
  | { kind: "prose"; heading: string | null; text: string }
  | { kind: "list"; heading: string; items: readonly string[]; hidden: number }
  | { kind: "table"; heading: string; columns: readonly string[]; rows: readonly (readonly string[])[]; hidden: number }
  | { kind: "section"; heading: string; parts: readonly ContentPart[] }
  | { kind: "data"; heading: string; value: unknown };

type Schema = Record<string, unknown>;

/** Returns what to show of the data; `schema` gives headings and their order, and may be missing. */
export function buildContent(schema: unknown, data: unknown): ContentPart[] {
  const root = fieldsOf(schema);
  return partsOf(root, root, data, null, 0);
}

function partsOf(given: Schema, root: Schema, data: unknown, heading: string | null, depth: number): ContentPart[] {
  const schema = withoutNull(resolve(given, root), root);
  if (typeof data !== "object" || data === null) return scalarParts(data, heading);
  if (depth >= MAX_DEPTH) return [{ kind: "data", heading: heading ?? "", value: data }];
  if (Array.isArray(data)) return listParts(schema, root, data, heading ?? "", depth);
  return objectParts(schema, root, data as Record<string, unknown>, depth);
}

function scalarParts(data: unknown, heading: string | null): ContentPart[] {
  const shown = formatValue(data);
  return shown === "" ? [] : [{ kind: "prose", heading, text: shown }];
}

/** Properties in the order of the schema, then those that it does not name; short values come first, together. */
function objectParts(schema: Schema, root: Schema, data: Record<string, unknown>, depth: number): ContentPart[] {
  const properties = fieldsOf(schema["properties"]);
  const names = [...Object.keys(properties), ...Object.keys(data).filter((name) => !(name in properties))];
  const facts: Fact[] = [];
  const parts: ContentPart[] = [];
  for (const name of names.filter((one) => isShown(data[one]))) {
    const value = data[name];
    const property = fieldsOf(properties[name]);
    const heading = headingOf(property, name);
    if (isFact(value)) facts.push({ name: heading, value: formatValue(value) });
    else if (typeof value === "string" || Array.isArray(value))
      parts.push(...partsOf(property, root, value, heading, depth + 1));
    else parts.push({ kind: "section", heading, parts: partsOf(property, root, value, heading, depth + 1) });
  }
  return facts.length > 0 ? [{ kind: "facts", facts }, ...parts] : parts;
}

function listParts(
  schema: Schema,
  root: Schema,
  data: readonly unknown[],
  heading: string,
  depth: number,
): ContentPart[] {
  const shown = data.slice(0, MAX_ITEMS);
  const hidden = data.length - shown.length;
  if (shown.every((item) => typeof item !== "object" || item === null)) {
    return [{ kind: "list", heading, items: shown.map(formatValue), hidden }];
  }
  const items = resolve(fieldsOf(schema["items"]), root);
  const table = tableOf(items, shown);
  if (table) return [{ kind: "table", heading, ...table, hidden }];
  const parts = shown.map((item, index): ContentPart => {
    const own = labelOf(item);
    const rest = own === null ? item : withoutLabel(item as Record<string, unknown>);
    return {
      kind: "section",
      heading: own ?? words.numbered(index + 1),
      parts: partsOf(items, root, rest, null, depth + 1),
    };
  });
  const more: ContentPart[] = hidden > 0 ? [{ kind: "prose", heading: null, text: words.more(hidden) }] : [];
  return [{ kind: "section", heading, parts: [...parts, ...more] }];
}

/** Returns items with the same few short values as the rows of a table; null for other items. */
function tableOf(items: Schema, shown: readonly unknown[]): { columns: string[]; rows: string[][] } | null {
  const properties = fieldsOf(items["properties"]);
  const named = new Set([...Object.keys(properties), ...shown.flatMap((item) => Object.keys(fieldsOf(item)))]);
  const names = [...named].filter((name) => shown.some((item) => isShown(fieldsOf(item)[name])));
  const cells = shown.map((item) => names.map((name) => fieldsOf(item)[name]));
  const areFacts = cells.every((row) => row.every((value) => !isShown(value) || isFact(value)));
  if (!areFacts || names.length === 0 || names.length > MAX_COLUMNS || shown.length < MIN_ROWS) return null;
  return {
    columns: names.map((name) => headingOf(fieldsOf(properties[name]), name)),
    rows: cells.map((row) => row.map((value) => (isShown(value) ? formatValue(value) : ""))),
  };
}

function headingOf(property: Schema, name: string): string {
  return typeof property["title"] === "string" ? property["title"] : humanize(name);
}

/** What an item of a list is called, if it says so. */
function labelOf(item: unknown): string | null {
  const fields = fieldsOf(item);
  const label = LABELS.map((name) => fields[name]).find((value) => typeof value === "string" && value !== "");
  return typeof label === "string" && label.length <= MAX_FACT ? label : null;
}

const LABELS = ["title", "name", "heading", "label"];

function withoutLabel(item: Record<string, unknown>): Record<string, unknown> {
  const used = LABELS.find((name) => typeof item[name] === "string" && item[name] !== "");
  return Object.fromEntries(Object.entries(item).filter(([name]) => name !== used));
}

function isShown(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function isFact(value: unknown): boolean {
  if (typeof value === "string") return value.length <= MAX_FACT && !value.includes("\n");
  return typeof value === "number" || typeof value === "boolean";
}

function formatValue(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: MAX_DIGITS });
  if (typeof value === "boolean") return value ? words.yes : words.no;
  return value === null || value === undefined ? words.nothing : String(value);
}
