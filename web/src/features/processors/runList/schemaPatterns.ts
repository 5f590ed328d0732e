/** Which processors take blobs of a schema. */

import type { Processor } from "../../../api/types";

/** Returns true when a schema id matches what a processor takes: the id itself, or a pattern such as `text-input-v*`. */
export function matchesSchema(pattern: string, schemaId: string): boolean {
  if (!pattern.includes("*")) return pattern === schemaId;
  const [first = "", ...rest] = pattern.split("*");
  if (!schemaId.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let place = first.length;
  for (const part of rest) {
    const found = schemaId.indexOf(part, place);
    if (found < 0) return false;
    place = found + part.length;
  }
  return schemaId.length - last.length >= place && schemaId.endsWith(last);
}

export function takesSchema({ input_schemas }: Pick<Processor, "input_schemas">, schemaId: string): boolean {
  return input_schemas.some((pattern) => matchesSchema(pattern, schemaId));
}
