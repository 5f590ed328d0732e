/** The words of a bucket's notes, and how far they are on the way to its target. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState, useSyncExternalStore } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { contentOf, NOTE_SCHEMA } from "../../../api/blobContent";
import { errorMessage } from "../../../api/errors";
import type { Bucket, ContentsItem } from "../../../api/types";
import { wordCount } from "../../../language/segmentation";
import { createWordCounter } from "../../../language/wordCounter";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { formatWordCount } from "../../../text/quantities";
import type { Drafts } from "../../drafts/drafts";

interface ChapterProgressProps {
  bucketId: string;
  draftKeys: readonly string[];
}

export function ChapterProgress({ bucketId, draftKeys }: ChapterProgressProps): ReactNode {
  const { drafts, queries } = useStudio();
  const { data: bucket } = useQuery(queries.bucket(bucketId));
  const [count] = useState(createChapterCounter);
  const hasChildren = (useForest().byId.get(bucketId)?.children.length ?? 0) > 0;
  const { data: contents } = useQuery({ ...queries.contents(bucketId), enabled: hasChildren });
  const below = useMemo(() => wordsBelow(bucketId, contents?.items ?? []), [bucketId, contents]);
  const own = useSyncExternalStore(drafts.subscribe, () => count(drafts, draftKeys));
  if (hasChildren && !contents) return null; // a number that grows would be wrong before
  const words = own + below;
  const target = targetOf(bucket);
  const label = target
    ? text.writing.wordsOfTarget(words.toLocaleString("en"), formatWordCount(target))
    : formatWordCount(words);
  return (
    <DialogTrigger>
      <Button className="chapter-progress" aria-label={target ? label : text.writing.words(label)}>
        <span>{label}</span>
        {target !== null && <progress max={target} value={Math.min(words, target)} aria-hidden="true" />}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="writing-settings" aria-label={text.writing.setTarget}>
          {({ close }) => bucket && <TargetForm bucket={bucket} close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function TargetForm({ bucket, close }: { bucket: Bucket; close: () => void }): ReactNode {
  const { buckets } = useStudio();
  const [problem, setProblem] = useState<string | null>(null);
  const save = async (value: string) => {
    try {
      await buckets.setTarget(bucket, value === "" ? null : Number(value));
      close();
    } catch (error) {
      setProblem(`${text.writing.targetFailed} ${errorMessage(error)}`);
    }
  };
  return (
    <form
      className="target-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save(String(new FormData(event.currentTarget).get("target") ?? ""));
      }}
    >
      <label className="field">
        <span>{text.writing.target}</span>
        <input dir="auto" name="target" type="number" min={1} step={1} defaultValue={targetOf(bucket) ?? ""} />
      </label>
      {problem !== null && <p className="wrong">{problem}</p>}
      <Button className="button primary" type="submit">
        {text.writing.setTarget}
      </Button>
    </form>
  );
}

/** Counts the words of the notes in the buckets below this one. */
function wordsBelow(bucketId: string, items: readonly ContentsItem[]): number {
  let sum = 0;
  for (const { blob, parent_bucket_id } of items) {
    if (blob?.schema_id === NOTE_SCHEMA && parent_bucket_id !== bucketId) sum += wordCount(contentOf(blob));
  }
  return sum;
}

/** Returns the target in words; null for a bucket without one. */
export function targetOf(bucket: Bucket | undefined): number | null {
  const target = (bucket?.metadata as Record<string, unknown> | null | undefined)?.["target_words"];
  return typeof target === "number" && target > 0 ? target : null;
}

/** Counts all notes; one that did not change is not counted again. */
function createChapterCounter(): (drafts: Drafts, draftKeys: readonly string[]) => number {
  const known = new Map<string, { content: string; words: number; count: (content: string) => number }>();
  return (drafts, draftKeys) => {
    let sum = 0;
    for (const key of draftKeys) {
      const content = drafts.get(key)?.text ?? "";
      const before = known.get(key);
      const count = before?.count ?? createWordCounter();
      const words = before?.content === content ? before.words : count(content);
      if (before?.content !== content) known.set(key, { content, words, count });
      sum += words;
    }
    return sum;
  };
}
