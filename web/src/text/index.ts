/** The text catalogue: every string that the page shows, in English. `{name}` in a text is filled in by `Message`. */

import { accounts } from "./accounts";
import { app } from "./app";
import { books } from "./content/books";
import { files } from "./content/files";
import { pitches } from "./content/pitches";
import { templates } from "./content/templates";
import { drafts } from "./drafts";
import { general } from "./general";
import { library } from "./library";
import { notes } from "./notes";
import { acceptance } from "./processing/acceptance";
import { content } from "./processing/content";
import { deadLetters } from "./processing/deadLetters";
import { pipelines } from "./processing/pipelines";
import { prompts } from "./processing/prompts";
import { registry } from "./processing/registry";
import { runs } from "./processing/runs";
import { settings } from "./processing/settings";
import { style } from "./processing/style";
import { processors } from "./processors";
import { search } from "./search";
import { trash } from "./trash";
import { undo } from "./undo";
import { writing } from "./writing/writing";

export const text = {
  acceptance,
  accounts,
  app,
  books,
  content,
  deadLetters,
  drafts,
  files,
  general,
  library,
  notes,
  pipelines,
  pitches,
  processors,
  prompts,
  registry,
  runs,
  search,
  settings,
  style,
  templates,
  trash,
  undo,
  writing,
} as const;
