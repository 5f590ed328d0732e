/** The fields of a form for data of a JSON Schema; a shape that no other field shows becomes one for JSON. */

import { fieldsOf } from "../../../api/blobContent";
import { humanize } from "../../../text/processing/content";

const MAX_REFERENCES = 20; // that lead from one to the next
const MAX_GROUP_DEPTH = 1; // objects inside of the object

export type FieldKind =
  | { kind: "text"; maxLength: number | undefined }
  | { kind: "choice"; options: readonly (string | number | boolean)[] }
  | { kind: "number"; isInteger: boolean; minimum: number | undefined; maximum: number | undefined }
  | { kind: "switch" }
  | { kind: "list"; options: readonly string[] }
  | { kind: "group"; fields: readonly SchemaField[] }
  | { kind: "json" };

export interface SchemaField {
  /** A JSON Pointer into the data; empty for the whole. */
  readonly path: string;
  readonly label: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** Undefined when the schema has none. */
  readonly defaultValue: unknown;
  readonly shape: FieldKind;
}

type Schema = Record<string, unknown>;

/** Returns the fields for data of the schema: those of its properties, or one for the whole. */
export function fieldsOfSchema(schema: unknown, wholeLabel: string): SchemaField[] {
  const root = fieldsOf(schema);
  const object = resolve(root, root);
  return propertyFields(object, root, "", 0) ?? [fieldOf(object, root, { path: "", label: wholeLabel, depth: 0 })];
}

/** Returns true when the schema allows no properties but those that it names. */
export function isClosed(schema: unknown): boolean {
  const root = fieldsOf(schema);
  return resolve(root, root)["additionalProperties"] === false;
}

/** Returns the schema with local references followed; what stands beside a reference counts too. */
export function resolve(schema: Schema, root: Schema): Schema {
  let resolved = schema;
  for (let count = 0; typeof resolved["$ref"] === "string" && count < MAX_REFERENCES; count++) {
    const { $ref: reference, ...beside } = resolved;
    resolved = { ...fieldsOf(lookUp(root, reference as string)), ...beside };
  }
  return resolved;
}

/** Returns the one schema that is left when null is allowed as well; otherwise the schema itself. */
export function withoutNull(schema: Schema, root: Schema): Schema {
  const types = schema["type"];
  if (Array.isArray(types)) {
    const others = types.filter((type) => type !== "null");
    return others.length === 1 ? { ...schema, type: others[0] } : schema;
  }
  const { anyOf, oneOf, ...beside } = schema;
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return schema;
  const others = choices.map((one) => resolve(fieldsOf(one), root)).filter((one) => one["type"] !== "null");
  return others.length === 1 ? { ...others[0], ...beside } : schema;
}

function lookUp(root: Schema, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  const names = reference.slice(1).split("/").slice(1).map(decodePointer);
  return names.reduce<unknown>((value, name) => fieldsOf(value)[name], root);
}

function propertyFields(object: Schema, root: Schema, path: string, depth: number): SchemaField[] | null {
  const properties = Object.entries(fieldsOf(object["properties"]));
  if (properties.length === 0 && object["additionalProperties"] !== false) return null;
  const required = new Set(Array.isArray(object["required"]) ? object["required"] : []);
  return properties.map(([name, property]) =>
    fieldOf(fieldsOf(property), root, {
      path: `${path}/${encodePointer(name)}`,
      label: humanize(name),
      isRequired: required.has(name),
      depth,
    }),
  );
}

interface Place {
  path: string;
  label: string;
  isRequired?: boolean;
  depth: number;
}

function fieldOf(property: Schema, root: Schema, { path, label, isRequired = false, depth }: Place): SchemaField {
  const schema = withoutNull(resolve(property, root), root);
  const own = fieldsOf(property);
  const title = own["title"]; // that of what it refers to is most often the name of a class
  const description = own["description"] ?? schema["description"];
  return {
    path,
    label: typeof title === "string" && title ? title : label,
    description: typeof description === "string" ? description : "",
    isRequired,
    defaultValue: schema["default"] ?? undefined,
    shape: shapeOf(schema, root, path, depth),
  };
}

function shapeOf(schema: Schema, root: Schema, path: string, depth: number): FieldKind {
  const options = optionsOf(schema);
  if (options) return { kind: "choice", options };
  switch (schema["type"]) {
    case "string":
      return { kind: "text", maxLength: numberAt(schema, "maxLength") };
    case "integer":
    case "number":
      return numberShape(schema);
    case "boolean":
      return { kind: "switch" };
    case "array":
      return listShape(schema, root);
    case "object": {
      const fields = path !== "" && depth < MAX_GROUP_DEPTH ? propertyFields(schema, root, path, depth + 1) : null;
      return fields ? { kind: "group", fields } : { kind: "json" };
    }
    default:
      return { kind: "json" };
  }
}

function numberShape(schema: Schema): FieldKind {
  const [minimum, maximum] = [numberAt(schema, "minimum"), numberAt(schema, "maximum")];
  return { kind: "number", isInteger: schema["type"] === "integer", minimum, maximum };
}

function listShape(schema: Schema, root: Schema): FieldKind {
  const items = resolve(fieldsOf(schema["items"]), root);
  const options = optionsOf(items) ?? [];
  const isText = items["type"] === "string" || (options.length > 0 && options.every((one) => typeof one === "string"));
  return isText ? { kind: "list", options: options.map(String) } : { kind: "json" };
}

function optionsOf(schema: Schema): (string | number | boolean)[] | null {
  const { const: only, enum: several } = schema;
  const options = Array.isArray(several) ? several.filter((one) => one !== null) : only === undefined ? [] : [only];
  const areScalars = options.every((one) => ["string", "number", "boolean"].includes(typeof one));
  return options.length > 0 && areScalars ? (options as (string | number | boolean)[]) : null;
}

function numberAt(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}

/** Returns a name as a part of a JSON Pointer (RFC 6901). */
export function encodePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function decodePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
