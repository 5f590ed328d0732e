import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const SOURCES = new URL("./", import.meta.url).pathname;
const MODULES = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.tsx?$/.test(file) && !/\.(?:test|fixture)\.tsx?$|^(?:api\/generated|testing)\//.test(file),
);
const COMPONENTS = MODULES.filter((file) => file.endsWith(".tsx"));
const MAX_LINES = 400;
const MAX_FUNCTION_LINES = 50;
const MAX_MODULES_PER_FOLDER = 12;

const FIELD = /<(?:Input|TextArea|textarea|input)\b(?:[^<>]|=>)*>/g;
/** Attributes whose values people see or hear. */
const VISIBLE = /^(?:aria-(?:label|description|valuetext)|alt|label|message|name|placeholder|textValue|title)$/;
const IDENTIFIER = /^[a-z][A-Za-z]*$/; // the name of an icon or a field, say
const SENTENCE = /^“?\p{Lu}\p{L}*[,:]? \p{Ll}|\p{Ll} \p{Ll}.*[.!?…]$/u;

/** The layers from the bottom; a module imports only from its own layer and those below. */
const LAYERS = [["text", "language"], ["api"], ["ui"], ["studio", "features"], ["app"], ["main.tsx"]];
/** What modules without components may import from those with some: a type. */
const COMPONENT_IMPORTS = new Set(["ui/Icon"]);

function read(file: string): string {
  return readFileSync(join(SOURCES, file), "utf8");
}

function nodesIn(file: string): ts.Node[] {
  const collect = (node: ts.Node): ts.Node[] => [node, ...node.getChildren().flatMap(collect)];
  return collect(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
}

function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/ from "(\.[^"]+)"/g)].map(([, specifier = ""]) => specifier);
  return specifiers.map((specifier) => normalize(join(dirname(file), specifier)));
}

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => layer.includes(path.split("/")[0] ?? ""));
}

/** Returns what `find` finds in each of the files, as "file: finding". */
function violations(files: readonly string[], find: (file: string) => readonly string[]): string[] {
  return files.flatMap((file) => find(file).map((finding) => `${file}: ${finding}`));
}

test("every field takes the direction of what is written in it", () => {
  const fields = (file: string) => read(file).match(FIELD) ?? [];
  const silent = violations(COMPONENTS, (file) =>
    fields(file).filter((field) => !/dir="auto"|type="(?:radio|checkbox)"/.test(field)),
  );
  expect(silent).toEqual([]);
});

/** True for a text between tags, or a string that is drawn there or in an attribute that people see or hear. */
function isVisibleLiteral(node: ts.Node): boolean {
  if (ts.isJsxText(node)) return /[\p{L}\p{N}]/u.test(node.text);
  if (!ts.isStringLiteralLike(node) || !/\p{L}/u.test(node.text)) return false;
  const place = placeOfResult(node);
  if (ts.isJsxAttribute(place)) return VISIBLE.test(place.name.getText()) && !IDENTIFIER.test(node.text);
  return ts.isJsxExpression(place) && !ts.isJsxAttribute(place.parent);
}

/** Returns what gets the value: `{isNew ? "a" : "b"}` and `{isNew && "a"}` are the places of "a", not of a condition. */
function placeOfResult(node: ts.Node): ts.Node {
  const { parent } = node;
  if (ts.isConditionalExpression(parent) && parent.condition !== node) return placeOfResult(parent);
  const isLogical = ts.isBinaryExpression(parent) && /^(?:&&|\|\||\?\?)$/.test(parent.operatorToken.getText());
  return isLogical ? placeOfResult(parent) : parent;
}

test("what components show comes from the text catalogue", () => {
  const literals = violations(COMPONENTS, (file) =>
    nodesIn(file)
      .filter(isVisibleLiteral)
      .map((node) => node.getText().trim()),
  );
  expect(literals).toEqual([]);
});

test("no sentence is written outside of the text catalogue", () => {
  const sentences = violations(
    MODULES.filter((file) => !file.startsWith("text/")),
    (file) =>
      nodesIn(file)
        .filter((node) => ts.isStringLiteralLike(node) || ts.isTemplateHead(node))
        .filter((node) => SENTENCE.test(node.text))
        .map((node) => node.getText()),
  );
  expect(sentences).toEqual([]);
});

test("a module imports only from its own layer and those below", () => {
  const unknown = MODULES.filter((file) => layerOf(file) < 0);
  const upwards = violations(MODULES, (file) =>
    importsOf(file).filter((imported) => layerOf(imported) > layerOf(file)),
  );
  expect([...unknown, ...upwards]).toEqual([]);
});

test("what decides does not import what shows", () => {
  const imports = violations(
    MODULES.filter((file) => file.endsWith(".ts")),
    (file) =>
      importsOf(file).filter((imported) => COMPONENTS.includes(`${imported}.tsx`) && !COMPONENT_IMPORTS.has(imported)),
  );
  expect(imports).toEqual([]);
});

function lineCount(node: ts.Node): number {
  return node.getText().split("\n").length;
}

test("every function fits on a screen", () => {
  const long = violations(MODULES, (file) =>
    nodesIn(file)
      .filter((node) => ts.isFunctionLike(node) && lineCount(node) > MAX_FUNCTION_LINES)
      .map((node) => node.getText().split("\n", 1)[0] ?? ""),
  );
  expect(long).toEqual([]);
});

test("every module is short enough to read, and a folder holds few of them", () => {
  const long = MODULES.filter((file) => read(file).split("\n").length > MAX_LINES);
  const counts = new Map<string, number>();
  for (const file of MODULES) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  const full = [...counts].filter(([, count]) => count > MAX_MODULES_PER_FOLDER).map(([folder]) => folder);
  expect([...long, ...full]).toEqual([]);
});
