/** The child buckets of a bucket: as a list with words and targets, or as cards on a board. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { linkTo } from "../../../studio/route";
import { text } from "../../../text";
import { formatCount, formatWordCount } from "../../../text/quantities";
import { useStore } from "../../../ui/store";
import { UserText } from "../../../ui/UserText";
import { chapterNumbers } from "../chapterNumbers";
import type { Branch } from "../forest";
import { buildOutline, type OutlineOrder, type OutlineRow, sortOutline } from "./outline";

const COLUMNS: readonly OutlineOrder[] = ["position", "name", "notes", "words", "progress"];

export function Outline({ branch }: { branch: Branch }): ReactNode {
  const { queries, outlineView } = useStudio();
  const view = useStore(outlineView, (value) => value);
  const forest = useForest();
  const { data } = useQuery({ ...queries.contents(branch.id), enabled: branch.children.length > 0 });
  const rows = useMemo(() => buildOutline(branch, data?.items ?? [], chapterNumbers(forest)), [branch, data, forest]);
  if (branch.children.length === 0) return null;
  return (
    <nav className="outline" aria-label={text.library.inside(branch.name)} aria-busy={data === undefined}>
      <p className="outline-head">
        <span className="quiet">
          {data?.isComplete && formatWordCount(rows.reduce((sum, row) => sum + row.words, 0))}
        </span>
        <Button className="link" onPress={() => outlineView.set((now) => (now === "list" ? "board" : "list"))}>
          {view === "list" ? text.library.showBoard : text.library.showList}
        </Button>
      </p>
      {view === "list" ? <OutlineTable rows={rows} isRead={data !== undefined} /> : <Board rows={rows} />}
    </nav>
  );
}

function OutlineTable({ rows, isRead }: { rows: readonly OutlineRow[]; isRead: boolean }): ReactNode {
  const [order, setOrder] = useState<OutlineOrder>("position");
  const [isDescending, setDescending] = useState(false);
  const sorted = useMemo(() => sortOutline(rows, order, isDescending), [rows, order, isDescending]);
  const sortBy = (column: OutlineOrder) => {
    setDescending(column === order && !isDescending);
    setOrder(column);
  };
  return (
    <table>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th
              scope="col"
              key={column}
              aria-sort={column === order ? (isDescending ? "descending" : "ascending") : "none"}
            >
              <Button className="sort" onPress={() => sortBy(column)}>
                {text.library.columns[column]}
              </Button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted.map((row) => (
          <Row row={row} isRead={isRead} key={row.id} />
        ))}
      </tbody>
    </table>
  );
}

/** Words are shown once they are known: a zero that grows would be wrong before. */
function Row({ row, isRead }: { row: OutlineRow; isRead: boolean }): ReactNode {
  return (
    <tr>
      <td className="number">{row.number}</td>
      <th scope="row">
        <a className="outline-name" href={linkTo(row.id)}>
          <UserText>{row.name}</UserText>
        </a>
        {row.number === null && (
          <span className="quiet">
            {" "}
            <UserText>{row.type}</UserText>
          </span>
        )}
        <span className="first-line">
          <UserText>{row.firstLine}</UserText>
        </span>
      </th>
      <td className="number">{isRead && row.notes.toLocaleString("en")}</td>
      <td className="number">{isRead && row.words.toLocaleString("en")}</td>
      <td>{isRead && <TargetBar row={row} />}</td>
    </tr>
  );
}

function TargetBar({ row: { words, target } }: { row: OutlineRow }): ReactNode {
  if (target === null) return null;
  const label = text.writing.wordsOfTarget(words.toLocaleString("en"), formatWordCount(target));
  return <progress max={target} value={Math.min(words, target)} aria-label={label} title={label} />;
}

function Board({ rows }: { rows: readonly OutlineRow[] }): ReactNode {
  return (
    <ol className="board">
      {rows.map((row) => (
        <li key={row.id}>
          <a className="board-card" href={linkTo(row.id)}>
            <span className="quiet">{row.number ?? <UserText>{row.type}</UserText>}</span>
            <strong>
              <UserText>{row.name}</UserText>
            </strong>
            <span className="first-line">
              <UserText>{row.firstLine}</UserText>
            </span>
            <span className="quiet">
              {formatCount(row.notes, "note")}
              {text.trash.separator}
              {formatWordCount(row.words)}
            </span>
            <TargetBar row={row} />
          </a>
        </li>
      ))}
    </ol>
  );
}
