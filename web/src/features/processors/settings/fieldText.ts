/** What is said below a field of a form that is made from a schema. */

import { text } from "../../../text";
import type { SchemaField } from "./schemaFields";

/** Returns the field's own description, then its bounds and what it usually is. */
export function describeField(field: SchemaField): string {
  const { description, shape } = field;
  const sentence = description && !/[.!?…]$/.test(description) ? `${description}.` : description;
  return [sentence, shape.kind === "number" && describeBounds(shape), describeEntry(field), describeDefault(field)]
    .filter(Boolean)
    .join(" ");
}

function describeBounds({ minimum, maximum }: { minimum: number | undefined; maximum: number | undefined }): string {
  if (minimum !== undefined && maximum !== undefined) return text.settings.between(minimum, maximum);
  if (minimum !== undefined) return text.settings.atLeast(minimum);
  return maximum === undefined ? "" : text.settings.atMost(maximum);
}

function describeEntry({ shape }: SchemaField): string {
  if (shape.kind === "json") return `${text.settings.jsonHint}.`;
  if (shape.kind !== "list") return "";
  return [text.settings.onePerLine, shape.options.join(", ")].filter(Boolean).join(" ");
}

function describeDefault({ defaultValue, shape }: SchemaField): string {
  if (shape.kind === "switch" || shape.kind === "json" || shape.kind === "list") return "";
  const isShown = typeof defaultValue === "number" || (typeof defaultValue === "string" && defaultValue !== "");
  return isShown ? text.settings.byDefault(String(defaultValue)) : "";
}
