/** The history of a note: its versions by day, one of them to read or to compare with now, and the way back to it. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button, Header, ListBox, ListBoxItem, ListBoxSection, Text } from "react-aria-components";
import { byDay, type Day, dayInWords, madeInWords, type Sitting } from "../model/history";
import type { Revision } from "../model/nouns";
import { inWords } from "../model/problem";
import { counted } from "../model/words";
import { useStudio } from "./context";
import { Title } from "./Title";
import { Version } from "./Version";

export function History({ blobId, close }: { blobId: string; close: () => void }): ReactNode {
  const read = useInfiniteQuery(useStudio().reads.revisions(blobId));
  const [chosen, choose] = useState<string | null>(null);
  const [opened, open] = useState<ReadonlySet<string>>(new Set());
  const revisions = read.data?.pages.flatMap((page) => page.items) ?? [];
  const days = byDay(revisions);
  const now = revisions[0];
  // What one looks for is seldom what is there now.
  const second = days.flatMap((day) => day.sittings)[1]?.newest;
  const shown = revisions.find((revision) => revision.id === chosen) ?? second ?? now;
  return (
    <>
      <Title>History of this note</Title>
      {read.error && (
        <p className="wrong" role="alert">
          The versions could not be read. {inWords(read.error)}
        </p>
      )}
      {read.isPending && <p role="status">Reading…</p>}
      {now && shown && (
        <div className="history">
          <div className="history-list">
            <ListBox
              className="menu"
              aria-label="Versions"
              selectionMode="single"
              disallowEmptySelection
              selectedKeys={[shown.id]}
              onSelectionChange={(keys) => {
                const [id] = keys === "all" ? [] : keys;
                if (id !== undefined) choose(String(id));
              }}
            >
              {days.map((day) => (
                <DaySection day={day} now={now} opened={opened} key={day.date} />
              ))}
            </ListBox>
            <More days={days} opened={opened} open={open} />
            {read.hasNextPage && (
              <Button className="button" isPending={read.isFetchingNextPage} onPress={() => void read.fetchNextPage()}>
                Older versions
              </Button>
            )}
          </div>
          <Version blobId={blobId} shown={shown} now={now} close={close} key={shown.id} />
        </div>
      )}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Close
        </Button>
      </div>
    </>
  );
}

interface DaySectionProps {
  day: Day;
  now: Revision;
  opened: ReadonlySet<string>;
}

function DaySection({ day, now, opened }: DaySectionProps): ReactNode {
  const shown = day.sittings.flatMap((sitting) => [
    { revision: sitting.newest, more: opened.has(day.date) ? 0 : sitting.between.length },
    ...(opened.has(day.date) ? sitting.between.map((revision) => ({ revision, more: 0 })) : []),
  ]);
  return (
    <ListBoxSection>
      <Header>{dayInWords(day.date, new Date())}</Header>
      {shown.map(({ revision, more }) => (
        <ListBoxItem id={revision.id} key={revision.id} textValue={labelOf(revision)} className="menu-item">
          <Text slot="label">{labelOf(revision)}</Text>
          <Text slot="description" className="quiet">
            {revision.name !== null && `${timeOf(revision)}, `}
            {revision === now ? "now" : madeInWords(revision)}
            {more > 0 && `, ${counted(more + 1, "save")}`}
          </Text>
        </ListBoxItem>
      ))}
    </ListBoxSection>
  );
}

interface MoreProps {
  days: readonly Day[];
  opened: ReadonlySet<string>;
  open: (days: ReadonlySet<string>) => void;
}

/** Saves of one sitting stand as one until somebody wants each of them. */
function More({ days, opened, open }: MoreProps): ReactNode {
  const between = (sitting: Sitting) => sitting.between.length > 0;
  if (!days.some((day) => !opened.has(day.date) && day.sittings.some(between))) return null;
  return (
    <Button className="button" onPress={() => open(new Set(days.map((day) => day.date)))}>
      Show every save
    </Button>
  );
}

function labelOf(revision: Revision): string {
  return revision.name ?? timeOf(revision);
}

function timeOf({ created_at }: Revision): string {
  return new Date(created_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
