/** The settings of the book compiler that the page asks for. */

import type { JsonObject } from "../../api/types";

export type Preset = "manuscript" | "paperback" | "e-book" | "web";
export type Format = "docx" | "epub" | "pdf" | "print-pdf" | "markdown" | "html";

export const PRESETS: readonly Preset[] = ["manuscript", "paperback", "e-book", "web"];
export const FORMATS: readonly Format[] = ["docx", "epub", "pdf", "print-pdf", "markdown", "html"];
export const DEFAULT_TRIM = "5x8";
export const DEFAULT_VERSION = "newest";

/** The files that a purpose begins with. */
export const FORMATS_OF_PRESET: Readonly<Record<Preset, readonly Format[]>> = {
  manuscript: ["docx"],
  paperback: ["print-pdf"],
  "e-book": ["epub"],
  web: ["html", "pdf"],
};

export interface CompileChoices {
  readonly preset: Preset;
  readonly formats: ReadonlySet<Format>;
  readonly title: string;
  readonly author: string;
  readonly version: string;
  readonly trim: string;
}

/** Returns the choices with the files of another purpose. */
export function withPreset(choices: CompileChoices, preset: Preset): CompileChoices {
  return { ...choices, preset, formats: new Set(FORMATS_OF_PRESET[preset]) };
}

/** Returns the choices with a file more or less. */
export function toggleFormat(choices: CompileChoices, format: Format): CompileChoices {
  const formats = new Set(choices.formats);
  if (!formats.delete(format)) formats.add(format);
  return { ...choices, formats };
}

/** Returns the settings of the run; what equals the default, or is left to the bucket, is left out. */
export function settingsOf({ preset, formats, title, author, version, trim }: CompileChoices): JsonObject {
  return {
    preset,
    formats: FORMATS.filter((format) => formats.has(format)),
    ...(title.trim() && { title: title.trim() }),
    ...(author.trim() && { author: author.trim() }),
    ...(version !== DEFAULT_VERSION && { version }),
    ...(trim !== DEFAULT_TRIM && { trim }),
  };
}
