/** The tree of buckets: opened with a click or Enter, moved by hand or by keys; only what is on the screen is drawn. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useRef } from "react";
import { Button, ListLayout, Tree, Virtualizer } from "react-aria-components";
import { useForest, useRoute, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { expandBuckets } from "../../studio/preferences";
import { text } from "../../text";
import { useDelayedTrue } from "../../ui/hooks";
import { Icon } from "../../ui/Icon";
import { QueryError } from "../../ui/QueryError";
import { useStore } from "../../ui/store";
import { BucketRow } from "./BucketRow";
import { useBucketDrag } from "./bucketDrag";
import { type Branch, pathTo } from "./forest";
import { useOpenRowInSight } from "./openRow";
import { useTreeKeys } from "./treeKeys";

const ROW_HEIGHT = 34; // px; the same in tree.css
const LAYOUT = { rowHeight: ROW_HEIGHT, padding: 8 };
const SLOW_MS = 300;

export function BucketTree(): ReactNode {
  const studio = useStudio();
  const openDialog = useOpenDialog();
  const { isPending, error, refetch } = useQuery(studio.queries.forest);
  const forest = useForest();
  const isSlow = useDelayedTrue(isPending, SLOW_MS);
  return (
    <>
      <ExpandOpenPath />
      <div className="side-head">
        <h2>{text.library.yourBuckets}</h2>
        <Button
          className="icon-button"
          aria-label={text.general.newBucket}
          onPress={() => openDialog({ kind: "create-bucket", parentId: null })}
        >
          <Icon name="plus" />
        </Button>
      </div>
      {error && (
        <QueryError className="side-note" message={text.library.treeUnreadable} error={error} retry={refetch} />
      )}
      {isSlow && isPending && (
        <p className="side-note" role="status">
          {text.library.readingTree}
        </p>
      )}
      {!isPending && !error && forest.roots.length === 0 && <p className="side-note">{text.library.emptyTree}</p>}
      <Rows />
    </>
  );
}

function Rows(): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const expanded = useStore(studio.expanded, (value) => value);
  const box = useRef<HTMLDivElement>(null);
  useOpenRowInSight(box, { forest, expanded, openId: useRoute() }, LAYOUT);
  const onKeyDown = useTreeKeys(forest);
  const { dragAndDropHooks } = useBucketDrag(forest);
  // Only what is expanded is handed to the tree, which looks at all it is given on every change; of what is collapsed
  // it gets the first child, to know that there is something to expand.
  const renderRow = useCallback(
    (branch: Branch) => <BucketRow branch={branch} expanded={expanded} renderRow={renderRow} />,
    [expanded],
  );
  return (
    <div className="tree-box" ref={box} onKeyDownCapture={onKeyDown}>
      <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
        <Tree
          className="tree"
          aria-label={text.library.buckets}
          items={forest.roots}
          expandedKeys={expanded}
          onExpandedChange={(keys) => studio.expanded.set(() => new Set([...keys].map(String)))}
          onAction={(key) => studio.route.go(String(key))}
          dragAndDropHooks={dragAndDropHooks}
          dependencies={[expanded]}
          selectionMode="none"
        >
          {renderRow}
        </Tree>
      </Virtualizer>
    </div>
  );
}

/** Expands the path to what is open. A component of its own, so that a change of the route does not draw the tree. */
function ExpandOpenPath(): ReactNode {
  const { expanded } = useStudio();
  const route = useRoute();
  const parentIds = pathTo(useForest(), route)
    .slice(0, -1)
    .map(({ id }) => id)
    .join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: expanded on arrival; collapsed by hand, it stays collapsed
  useEffect(() => {
    if (parentIds) expandBuckets(expanded, parentIds.split(" "));
  }, [parentIds, route]);
  return null;
}
