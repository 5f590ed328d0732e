/** The records of the API under short names; their shapes are generated from the OpenAPI document. */

import type { components } from "./generated/openapi";

type Schemas = components["schemas"];

export type Blob = Schemas["Blob"];
export type Bucket = Schemas["Bucket"];
/** A bucket of the whole tree, with its children in order. */
export type TreeNode = Schemas["Node"];
/** What is in a bucket or below it: a bucket or a blob, with how deep it is. */
export type ContentsItem = Schemas["TreeItem"];
export type User = Schemas["User"];
export type Placement = Schemas["Placement"];
/** A bucket or a blob that was moved to the trash by itself; the counts include it. */
export type TrashItem = Schemas["TrashItem"];
/** One change of the structure, or `count` of them made as one; `name` is the bucket's at that time. */
export type JournalEntry = Schemas["JournalEntry"];
export type JournalAct = JournalEntry["act"];
/** A version of a blob. `conflict`: a save that came too late; it shares its number, so only `id` identifies it. */
export type Revision = Schemas["Revision"];
export type AuthorKind = Revision["author_kind"];
/** One place where two revisions differ; `pieces` when it is text in both. */
export type Difference = Schemas["RevisionDifference"];
export type DifferencePiece = Schemas["Piece"];
/** A bucket on the way to a blob, from the root down. */
export type PathBucket = Schemas["PathBucket"];
/** A blob or a bucket that was found, with every path to it and the passage that was found. */
export type SearchHit = Required<Schemas["SearchHit"]>;
export type Run = Schemas["Run"];
export type RunStatus = Run["status"];
/** A batch with its progress. */
export type Batch = Schemas["WatchedBatch"];
export type StageProgress = Schemas["StageProgress"];
export type Pipeline = Schemas["Pipeline"];
export type Model = Schemas["Model"];
export type PipelineStage = Schemas["PipelineStage"];
/** A prompt of a run, in parts, with its answer. */
export type RunPrompt = Required<Omit<Schemas["RunPrompt"], "parts">> & { parts: PromptPart[] };
export type PromptPart = Required<Schemas["CountedPart"]>;
export type RunPrompts = Omit<Schemas["RunPrompts"], "items"> & { items: RunPrompt[] };
export type RunEstimate = Schemas["RunEstimate"];
export type Instance = Schemas["Instance"];
export type Processor = Schemas["Processor"];
/** A processor with its health; times are in seconds. */
export type WatchedProcessor = Schemas["WatchedProcessor"];
/** A run that was given up. */
export type DeadLetter = Schemas["DeadLetter"];
/** A template, with its parameters and a preview of the tree that it becomes. */
export type Template = Schemas["Template"];
export type TemplateParameter = Schemas["NumberParameter"] | Schemas["TextParameter"];
/** The content of a template's file. */
export type TemplateDocument = Schemas["TemplateDocument"];
export type PreviewNode = Schemas["PreviewNode"];
export type JsonObject = Record<string, unknown>;
export type DataError = Schemas["DataError"];

/** What a bucket contains: `kind` says which of the two it is. */
export type Item =
  | (Schemas["Item"] & { kind: "bucket"; bucket: Bucket })
  | (Schemas["Item"] & { kind: "blob"; blob: Blob; placement: Placement });

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
