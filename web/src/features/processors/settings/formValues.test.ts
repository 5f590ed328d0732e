import { expect, test } from "vitest";
import { buildData, placeErrors, readFormValues } from "./formValues";
import { fieldsOfSchema } from "./schemaFields";

const SCHEMA = {
  $ref: "#/$defs/Settings",
  $defs: {
    Settings: {
      title: "Settings",
      type: "object",
      properties: {
        style: { type: "string", maxLength: 10, default: "creative", description: "In your words" },
        ratio: { type: "number", minimum: 3, maximum: 5, default: 4 },
        parallel: { type: "integer", minimum: 1 },
        method: { enum: ["keep", "rewrite"], default: "rewrite" },
        language: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
        is_strict: { type: "boolean", default: false },
        leave_out: { type: "array", items: { type: "string" } },
        model: { $ref: "#/$defs/Model" },
        extra: { type: ["object", "array"] },
      },
      required: ["parallel"],
      additionalProperties: false,
    },
    Model: { type: "object", title: "ModelSettings", properties: { name: { type: "string" } } },
  },
};
const FIELDS = fieldsOfSchema(SCHEMA, "Everything");

function build(written: Record<string, string | boolean>, data: unknown = { parallel: 2 }) {
  return buildData(FIELDS, { ...readFormValues(FIELDS, data), ...written });
}

test("each kind of setting has a field of its own, named in words", () => {
  expect(FIELDS.map(({ label, shape }) => `${label}: ${shape.kind}`)).toEqual([
    "Style: text",
    "Ratio: number",
    "Parallel: number",
    "Method: choice",
    "Language: text",
    "Is strict: switch",
    "Leave out: list",
    "Model: group",
    "Extra: json",
  ]);
});

test("a schema without properties is one field for JSON", () => {
  expect(fieldsOfSchema({}, "Everything")).toMatchObject([{ path: "", label: "Everything", shape: { kind: "json" } }]);
  expect(fieldsOfSchema({ type: "object", properties: {}, additionalProperties: false }, "Everything")).toEqual([]);
});

test("the form begins with what is set, and with the defaults", () => {
  const values = readFormValues(FIELDS, { ratio: 5, model: { name: "small" }, leave_out: ["a", "b"], extra: { x: 1 } });
  expect(values).toMatchObject({
    "/style": "creative",
    "/ratio": "5",
    "/method": "rewrite",
    "/language": "",
    "/is_strict": false,
    "/model/name": "small",
    "/leave_out": "a\nb",
    "/extra": '{\n  "x": 1\n}',
  });
});

test("what is as the processor has it is left out, so that it follows the processor", () => {
  expect(build({})).toEqual({ data: { parallel: 2 }, errors: {} });
});

test("what is changed is sent as what it is", () => {
  const written = {
    "/ratio": "3.5",
    "/is_strict": true,
    "/leave_out": "a\n\n b ",
    "/model/name": "x",
    "/extra": "[1]",
  };
  expect(build(written).data).toEqual({
    parallel: 2,
    ratio: 3.5,
    is_strict: true,
    leave_out: ["a", "b"],
    model: { name: "x" },
    extra: [1],
  });
});

test("what cannot be right is said at its field", () => {
  const written = { "/style": "much too long", "/ratio": "6", "/parallel": "1.5", "/extra": "{" };
  expect(build(written).errors).toEqual({
    "/style": "has at most 10 characters",
    "/ratio": "is at most 5",
    "/parallel": "is not a whole number",
    "/extra": "is not valid JSON",
  });
  expect(build({ "/parallel": "" }).errors).toEqual({ "/parallel": "is needed" });
});

test("what the server refuses is placed at its field, and the rest at the form", () => {
  const errorAt = (path: string) => ({ path, message: `wrong at ${path}`, expected: null, schema_path: null });
  const errors = ["/settings/model/name", "/settings/leave_out/1", "/settings"].map(errorAt);
  expect(placeErrors(FIELDS, "/settings", errors)).toEqual({
    "/model/name": "wrong at /settings/model/name",
    "/leave_out": "wrong at /settings/leave_out/1",
    "": "wrong at /settings",
  });
});

test("everything of a document is kept, also what no field shows", () => {
  const fields = fieldsOfSchema({ properties: { content: { type: "string", default: "x" } } }, "Everything");
  const data = { content: "x", style: "calm" };
  expect(buildData(fields, readFormValues(fields, data), { before: data, keepDefaults: true }).data).toEqual(data);
});
