/** The list of a note's versions by day. Saves of one session stand as one until somebody wants each of them. */

import { type ReactNode, useState } from "react";
import { Button, Header, ListBox, ListBoxItem, ListBoxSection, Text } from "react-aria-components";
import type { Revision } from "../../api/types";
import { text } from "../../text";
import { formatCount } from "../../text/quantities";
import { UserText } from "../../ui/UserText";
import { type Day, describeOrigin, formatDay } from "./revisionGroups";

interface RevisionListProps {
  days: readonly Day[];
  newest: Revision;
  shown: Revision;
  choose: (id: string) => void;
}

export function RevisionList({ days, newest, shown, choose }: RevisionListProps): ReactNode {
  const [openDays, setOpenDays] = useState<ReadonlySet<string>>(new Set());
  const hasMore = days.some(
    (day) => !openDays.has(day.date) && day.sessions.some((session) => session.older.length > 0),
  );
  return (
    <>
      <ListBox
        className="menu"
        aria-label={text.notes.versions}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[shown.id]}
        onSelectionChange={(keys) => {
          const [id] = keys === "all" ? [] : keys;
          if (id !== undefined) choose(String(id));
        }}
      >
        {days.map((day) => (
          <DaySection day={day} newest={newest} isOpen={openDays.has(day.date)} key={day.date} />
        ))}
      </ListBox>
      {hasMore && (
        <Button className="button" onPress={() => setOpenDays(new Set(days.map(({ date }) => date)))}>
          {text.notes.showEverySave}
        </Button>
      )}
    </>
  );
}

function DaySection({ day, newest, isOpen }: { day: Day; newest: Revision; isOpen: boolean }): ReactNode {
  const rows = day.sessions.flatMap((session) =>
    isOpen
      ? [session.newest, ...session.older].map((revision) => ({ revision, hidden: 0 }))
      : [{ revision: session.newest, hidden: session.older.length }],
  );
  return (
    <ListBoxSection>
      <Header>{formatDay(day.date, new Date())}</Header>
      {rows.map(({ revision, hidden }) => (
        <ListBoxItem id={revision.id} key={revision.id} textValue={labelOf(revision)} className="menu-item">
          <Text slot="label">
            <UserText>{labelOf(revision)}</UserText>
          </Text>
          <Text slot="description" className="quiet">
            {describe(revision, revision === newest, hidden)}
          </Text>
        </ListBoxItem>
      ))}
    </ListBoxSection>
  );
}

/** Returns what stands below a version's label; `hidden` saves of its session are not shown. */
function describe(revision: Revision, isNewest: boolean, hidden: number): string {
  return [
    revision.name === null ? "" : timeOf(revision),
    isNewest ? text.notes.now : describeOrigin(revision),
    hidden > 0 ? formatCount(hidden + 1, "save") : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function labelOf(revision: Revision): string {
  return revision.name ?? timeOf(revision);
}

function timeOf({ created_at }: Revision): string {
  return new Date(created_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
