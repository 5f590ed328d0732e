/** One row of the tree of buckets. */

import type { ReactElement, ReactNode } from "react";
import { Button, Collection, TreeItem, TreeItemContent } from "react-aria-components";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon, iconOfType } from "../../ui/Icon";
import { useStore } from "../../ui/store";
import { BucketMenu } from "./BucketMenu";
import { chapterNumbers } from "./chapterNumbers";
import type { Branch } from "./forest";

interface BucketRowProps {
  branch: Branch;
  expanded: ReadonlySet<string>;
  renderRow: (branch: Branch) => ReactElement;
}

export function BucketRow({ branch, expanded, renderRow }: BucketRowProps): ReactElement {
  const isExpanded = expanded.has(branch.id);
  return (
    <TreeItem id={branch.id} textValue={branch.name} className="tree-row">
      <TreeItemContent>
        {({ hasChildItems, isExpanded }) => (
          <RowContent branch={branch} hasChildren={hasChildItems} isExpanded={isExpanded} />
        )}
      </TreeItemContent>
      <Collection items={isExpanded ? branch.children : branch.children.slice(0, 1)} dependencies={[expanded]}>
        {renderRow}
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
  const number = chapterNumbers(useForest()).get(branch.id);
  const isOpen = useStore(useStudio().route.current, (route) => route === branch.id);
  return (
    <div className="tree-cell" data-open={isOpen || undefined}>
      {hasChildren ? (
        <Button
          slot="chevron"
          className="chevron"
          aria-label={isExpanded ? text.library.collapse : text.library.expand}
        >
          <Icon name="chevron" />
        </Button>
      ) : (
        <span className="chevron" />
      )}
      <Icon name={iconOfType(branch.type)} />
      <span
        className="tree-name"
        dir="auto"
        aria-current={isOpen ? "page" : undefined}
        title={text.library.nameAndType(branch.name, branch.type)}
      >
        {number !== undefined && <span className="tree-number">{number}</span>}
        {branch.name}
      </span>
      {branch.blobs > 0 && (
        <span className="tree-count" title={text.library.textCount(branch.blobs)}>
          {branch.blobs.toLocaleString("en")}
        </span>
      )}
      <Button slot="drag" className="grip" aria-label={text.library.moveWithKeyboard(branch.name)}>
        <Icon name="grip" />
      </Button>
      <BucketMenu branch={branch} />
    </div>
  );
}
