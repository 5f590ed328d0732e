/** The choice of all texts of a bucket that a processor takes, or of some of them. */

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ListBox, ListBoxItem, ListLayout, Text, Virtualizer } from "react-aria-components";
import type { Blob, Processor } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { describeSchema } from "../../../text/processing/registry";
import { UserText } from "../../../ui/UserText";
import { lineOf } from "../../content/useBlobTitle";
import { LoadMore } from "../../library/page/LoadMore";
import { takesSchema } from "./schemaPatterns";

const LAYOUT = { rowHeight: 36 }; // px; the same in processors.css

/** All that fit, or these. */
export type BlobSelection = "all" | ReadonlySet<string>;

interface BlobChoiceProps {
  bucketId: string;
  processor: Processor;
  selection: BlobSelection;
  select: (selection: BlobSelection) => void;
}

export function BlobChoice({ bucketId, processor, selection, select }: BlobChoiceProps): ReactNode {
  const choices = [
    [true, text.runs.allThatFit],
    [false, text.runs.onlyChosen],
  ] as const;
  return (
    <>
      <fieldset className="choice">
        <legend>{text.runs.which}</legend>
        {choices.map(([isAll, name]) => (
          <label key={name}>
            <input
              type="radio"
              name="which"
              checked={(selection === "all") === isAll}
              onChange={() => select(isAll ? "all" : new Set())}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      {selection !== "all" && (
        <BlobList bucketId={bucketId} processor={processor} selection={selection} select={select} />
      )}
    </>
  );
}

interface BlobListProps extends BlobChoiceProps {
  selection: ReadonlySet<string>;
}

function BlobList({ bucketId, processor, selection, select }: BlobListProps): ReactNode {
  const query = useInfiniteQuery(useStudio().queries.items(bucketId));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const blobs = items.flatMap((item) =>
    item.kind === "blob" && takesSchema(processor, item.blob.schema_id) ? [item.blob] : [],
  );
  return (
    <>
      <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
        <ListBox
          className="menu picks"
          aria-label={text.runs.choices}
          items={blobs}
          selectionMode="multiple"
          selectionBehavior="toggle"
          selectedKeys={selection}
          onSelectionChange={(keys) =>
            select(new Set(keys === "all" ? blobs.map(({ id }) => id) : [...keys].map(String)))
          }
          renderEmptyState={() => (
            <p className="quiet">{query.isPending ? text.general.reading : text.runs.noChoices}</p>
          )}
        >
          {(blob) => <BlobItem blob={blob} hasSchema={processor.input_schemas.length > 1} />}
        </ListBox>
      </Virtualizer>
      {query.hasNextPage && (
        <LoadMore
          label={text.runs.moreChoices}
          isLoading={query.isFetchingNextPage}
          load={() => void query.fetchNextPage()}
        />
      )}
    </>
  );
}

/** `hasSchema` says what kind of text it is, too. */
function BlobItem({ blob, hasSchema }: { blob: Blob; hasSchema: boolean }): ReactNode {
  const title = lineOf(blob);
  return (
    <ListBoxItem id={blob.id} textValue={title} className="menu-item pick">
      <span className="tick" aria-hidden="true" />
      <Text slot="label">
        <UserText>{title}</UserText>
      </Text>
      {hasSchema && (
        <Text slot="description" className="quiet">
          {describeSchema(blob.schema_id)}
        </Text>
      )}
    </ListBoxItem>
  );
}
