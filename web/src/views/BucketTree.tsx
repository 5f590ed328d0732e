/** The tree of buckets: opened with a click or Enter, moved by hand or by keys, and only what is on the screen is drawn. */

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactElement, type ReactNode, useCallback, useEffect } from "react";
import {
  Button,
  Collection,
  DropIndicator,
  type Key,
  ListLayout,
  Tree,
  TreeItem,
  TreeItemContent,
  useDragAndDrop,
  Virtualizer,
} from "react-aria-components";
import { type Branch, childrenOf, type Forest, type Place, pathTo, placeBeside } from "../model/forest";
import { inWords } from "../model/problem";
import { useStore } from "../model/store";
import { BucketMenu } from "./BucketMenu";
import { useAsk, useForest, useLasting, useStudio, useWhere } from "./context";
import { Icon, pictureOf } from "./icons";

const ROW = 34; // px; the same in tree.css
const BUCKET = "application/x-reyna-bucket";
const WAYS = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" } as const;
const LAYOUT = { rowHeight: ROW, padding: 8 };

export function BucketTree(): ReactNode {
  const studio = useStudio();
  const ask = useAsk();
  const { isPending, error, refetch } = useQuery(studio.reads.forest);
  const forest = useForest();
  const expanded = useStore(studio.expanded, (value) => value);
  const slow = useLasting(isPending, 300);
  // Only what stands open is handed to the tree, which looks at all it is given on every change; of what is closed it
  // gets the first child, to know that there is something to open.
  const row = useCallback((branch: Branch) => <Row branch={branch} expanded={expanded} row={row} />, [expanded]);
  const { dragAndDropHooks } = useBucketDrag(forest);

  return (
    <>
      <OpenPath />
      <div className="side-head">
        <h2>Your buckets</h2>
        <Button className="icon-button" aria-label="New bucket" onPress={() => ask({ kind: "create", parent: null })}>
          <Icon of="plus" />
        </Button>
      </div>
      {error && (
        <div className="side-note" role="alert">
          <p>The tree could not be read. {inWords(error)}</p>
          <Button className="button" onPress={() => void refetch()}>
            Try again
          </Button>
        </div>
      )}
      {slow && isPending && (
        <p className="side-note" role="status">
          Reading the tree…
        </p>
      )}
      {!isPending && !error && forest.roots.length === 0 && (
        <p className="side-note">
          Nothing here yet. A bucket can be anything: a book, a chapter, an album, a topic. It holds notes and other
          buckets.
        </p>
      )}
      <div className="tree-box" onKeyDownCapture={onKey}>
        <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
          <Tree
            className="tree"
            aria-label="Buckets"
            items={forest.roots}
            expandedKeys={expanded}
            onExpandedChange={(keys) => studio.expanded.set(() => new Set([...keys].map(String)))}
            onAction={(key) => studio.where.go(String(key))}
            dragAndDropHooks={dragAndDropHooks}
            dependencies={[expanded]}
            selectionMode="none"
          >
            {row}
          </Tree>
        </Virtualizer>
      </div>
    </>
  );

  /** Before the tree takes the arrows for itself. */
  function onKey(event: KeyboardEvent): void {
    const id = (event.target as Element).closest("[role=row]")?.getAttribute("data-key");
    if (!id || !forest.byId.has(id) || !does(id, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** False for keys that are not ours. */
  function does(id: string, { key, altKey }: KeyboardEvent): boolean {
    const way = altKey ? WAYS[key as keyof typeof WAYS] : undefined;
    const place = way && placeBeside(forest, id, way);
    if (place) moveTo(id, place);
    if (way) return true;
    if (key === "F2") ask({ kind: "rename", id });
    else if (key === "Insert") ask({ kind: "create", parent: id });
    else if (key === "Delete" || key === "Backspace") ask({ kind: "trash-bucket", id });
    else return false;
    return true;
  }

  function moveTo(id: string, place: Place): void {
    if (place.parent !== null) open(place.parent);
    void studio.deeds.move(id, place);
  }

  function open(id: string): void {
    studio.expanded.set((now) => (now.has(id) ? now : new Set([...now, id])));
  }
}

interface RowProps {
  branch: Branch;
  expanded: ReadonlySet<string>;
  row: (branch: Branch) => ReactElement;
}

function Row({ branch, expanded, row }: RowProps): ReactElement {
  const isOpen = expanded.has(branch.id);
  return (
    <TreeItem id={branch.id} textValue={branch.name} className="tree-row">
      <TreeItemContent>
        {({ hasChildItems, isExpanded }) => (
          <RowContent branch={branch} hasChildren={hasChildItems} isExpanded={isExpanded} />
        )}
      </TreeItemContent>
      <Collection items={isOpen ? branch.children : branch.children.slice(0, 1)} dependencies={[expanded]}>
        {row}
      </Collection>
    </TreeItem>
  );
}

interface RowContentProps {
  branch: Branch;
  hasChildren: boolean;
  isExpanded: boolean;
}

function RowContent({ branch, hasChildren, isExpanded }: RowContentProps): ReactNode {
  const isOpen = useStore(useStudio().where.store, (where) => where === branch.id);
  return (
    <div className="tree-cell" data-open={isOpen || undefined}>
      {hasChildren ? (
        <Button slot="chevron" className="chevron" aria-label={isExpanded ? "Collapse" : "Expand"}>
          <Icon of="chevron" />
        </Button>
      ) : (
        <span className="chevron" />
      )}
      <Icon of={pictureOf(branch.type)} />
      <span className="tree-name" aria-current={isOpen ? "page" : undefined} title={`${branch.name} (${branch.type})`}>
        {branch.name}
      </span>
      <Button slot="drag" className="grip" aria-label={`Move ${branch.name} with the keyboard`}>
        <Icon of="grip" />
      </Button>
      <BucketMenu branch={branch} />
    </div>
  );
}

/** Drag and drop: onto a bucket puts inside, between two puts there. */
function useBucketDrag(forest: Forest) {
  const studio = useStudio();
  return useDragAndDrop<Branch>({
    getItems: (keys) =>
      [...keys].map((key) => ({ [BUCKET]: String(key), "text/plain": forest.byId.get(String(key))?.name ?? "" })),
    acceptedDragTypes: [BUCKET],
    getDropOperation: (target) => (target.type === "root" ? "cancel" : "move"),
    renderDropIndicator: (target) => <DropIndicator target={target} className="drop-line" />,
    onMove: ({ keys, target }) => {
      const [id] = keys;
      if (id === undefined) return;
      const place = placeAt(forest, String(id), target.key, target.dropPosition);
      if (place.parent !== null) {
        const parent = place.parent;
        studio.expanded.set((now) => (now.has(parent) ? now : new Set([...now, parent])));
      }
      void studio.deeds.move(String(id), place);
    },
  });
}

function placeAt(forest: Forest, id: string, key: Key, position: "before" | "after" | "on"): Place {
  const target = String(key);
  if (position === "on") return { parent: target, after: undefined };
  const parent = forest.byId.get(target)?.parent ?? null;
  if (position === "after") return { parent, after: target };
  const siblings = childrenOf(forest, parent).filter((sibling) => sibling.id !== id);
  return { parent, after: siblings[siblings.findIndex((sibling) => sibling.id === target) - 1]?.id ?? null };
}

/** Whatever is open can be seen in the tree. A component of its own, so that going elsewhere does not draw the tree. */
function OpenPath(): ReactNode {
  const studio = useStudio();
  const where = useWhere();
  const above = pathTo(useForest(), where)
    .slice(0, -1)
    .map((branch) => branch.id)
    .join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: opened on arrival; closed again by hand, it stays closed
  useEffect(() => {
    if (!above) return;
    const ids = above.split(" ");
    studio.expanded.set((now) => (ids.every((id) => now.has(id)) ? now : new Set([...now, ...ids])));
  }, [above, where]);
  return null;
}
