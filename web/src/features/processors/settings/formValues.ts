/** What is written in a form for a schema: read from data, and turned into data again. */

import { fieldsOf } from "../../../api/blobContent";
import type { DataError } from "../../../api/types";
import { text } from "../../../text";
import { decodePointer, type SchemaField } from "./schemaFields";

/** By the path of a field: its text, or the state of its switch. */
export type FormValues = Readonly<Record<string, string | boolean>>;

/** By the path of a field; those of the form as a whole are under "". */
export type FormErrors = Readonly<Record<string, string>>;

/** Returns the fields that hold a value themselves: those in groups, not the groups. */
export function valueFields(fields: readonly SchemaField[]): SchemaField[] {
  return fields.flatMap((field) => (field.shape.kind === "group" ? field.shape.fields : [field]));
}

/** Returns what to write in the form for this data; what it does not have is the default. */
export function readFormValues(fields: readonly SchemaField[], data: unknown): FormValues {
  const values = valueFields(fields).map((field): [string, string | boolean] => {
    const value = valueAt(data, field.path) ?? defaultOf(field, fields);
    return [field.path, writeValue(field, value)];
  });
  return Object.fromEntries(values);
}

interface FormResult {
  data: unknown;
  errors: FormErrors;
}

/** Returns the data that the form stands for. What equals the default is left out, so that it follows the processor;
 * `keepDefaults` leaves nothing out. Members of `before` that no field shows are kept. */
export function buildData(
  fields: readonly SchemaField[],
  values: FormValues,
  { before = {}, keepDefaults = false }: { before?: unknown; keepDefaults?: boolean } = {},
): FormResult {
  const errors: Record<string, string> = {};
  const [only] = fields;
  if (only?.path === "") {
    const parsed = parseValue(only, values[""] ?? "");
    if ("error" in parsed) return { data: before, errors: { "": parsed.error } };
    return { data: parsed.value ?? {}, errors };
  }
  const shown = new Set(fields.map(({ path }) => decodePointer(path.slice(1))));
  const data: Record<string, unknown> = Object.fromEntries(
    Object.entries(fieldsOf(before)).filter(([name]) => !shown.has(name)),
  );
  for (const field of valueFields(fields)) {
    const written = values[field.path] ?? "";
    const parsed = parseValue(field, written);
    if ("error" in parsed) errors[field.path] = parsed.error;
    else if (parsed.value === undefined) continue;
    else if (keepDefaults || field.isRequired || written !== writeValue(field, defaultOf(field, fields))) {
      setAt(data, field.path, parsed.value);
    }
  }
  return { data, errors };
}

/** Returns the server's errors by field; `prefix` is the place of the data in the request. What belongs to no field
 * is put together under "". */
export function placeErrors(fields: readonly SchemaField[], prefix: string, errors: readonly DataError[]): FormErrors {
  const placed: Record<string, string> = {};
  const paths = valueFields(fields).map(({ path }) => path);
  for (const { path: full, message } of errors) {
    const path = full.startsWith(prefix) ? full.slice(prefix.length) : full;
    const field = paths.find((one) => one !== "" && (path === one || path.startsWith(`${one}/`))) ?? "";
    placed[field] = placed[field] ? `${placed[field]}; ${message}` : message;
  }
  return placed;
}

function defaultOf(field: SchemaField, fields: readonly SchemaField[]): unknown {
  if (field.defaultValue !== undefined) return field.defaultValue;
  const group = fields.find(({ path, shape }) => shape.kind === "group" && field.path.startsWith(`${path}/`));
  return group && valueAt(group.defaultValue, field.path.slice(group.path.length));
}

function writeValue({ shape }: SchemaField, value: unknown): string | boolean {
  if (shape.kind === "switch") return value === true;
  if (value === undefined || value === null) return "";
  if (shape.kind === "list" && Array.isArray(value)) return value.join("\n");
  if (shape.kind === "json") return JSON.stringify(value, null, 2);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

type Parsed = { value: unknown } | { error: string };

/** Returns the value of one field; undefined for one that is left empty. */
function parseValue(field: SchemaField, written: string | boolean): Parsed {
  const { shape, isRequired } = field;
  if (typeof written === "boolean") return { value: written };
  if (shape.kind === "list") {
    const lines = written.split("\n").map((line) => line.trim());
    return { value: lines.filter(Boolean) };
  }
  if (shape.kind === "text") return parseText(written, shape.maxLength, field);
  if (written.trim() === "") return isRequired ? { error: text.settings.required } : { value: undefined };
  if (shape.kind === "number") return parseNumber(written, shape);
  if (shape.kind === "choice") return { value: shape.options.find((option) => String(option) === written) };
  try {
    return { value: JSON.parse(written) as unknown };
  } catch {
    return { error: text.settings.notJson };
  }
}

/** An empty text is one only where it is asked for, or where the default is another. */
function parseText(written: string, maxLength: number | undefined, field: SchemaField): Parsed {
  if (maxLength !== undefined && [...written].length > maxLength) return { error: text.settings.tooLong(maxLength) };
  const isUnset = written === "" && !field.isRequired && !field.defaultValue;
  return { value: isUnset ? undefined : written };
}

interface NumberBounds {
  isInteger: boolean;
  minimum: number | undefined;
  maximum: number | undefined;
}

function parseNumber(written: string, { isInteger, minimum, maximum }: NumberBounds): Parsed {
  const number = Number(written.trim());
  if (!Number.isFinite(number)) return { error: text.settings.notANumber };
  if (isInteger && !Number.isInteger(number)) return { error: text.settings.notAnInteger };
  if (minimum !== undefined && number < minimum) return { error: text.settings.tooSmall(minimum) };
  if (maximum !== undefined && number > maximum) return { error: text.settings.tooLarge(maximum) };
  return { value: number };
}

function valueAt(data: unknown, path: string): unknown {
  const names = path.split("/").slice(1).map(decodePointer);
  return names.reduce<unknown>((value, name) => fieldsOf(value)[name], data);
}

/** Sets the value at a path of one name, or of two for a field in a group. */
function setAt(data: Record<string, unknown>, path: string, value: unknown): void {
  const [first = "", second] = path.split("/").slice(1).map(decodePointer);
  data[first] = second === undefined ? value : { ...fieldsOf(data[first]), [second]: value };
}
