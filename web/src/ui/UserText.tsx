/** Text that users wrote, in its own direction: Hebrew in an English sentence turns nothing round but itself. */

import { Fragment, type ReactNode } from "react";
import { text as words } from "../text";

/** A name or a word of the user's inside of our own words. Whole texts have `dir="auto"` on their element. */
export function UserText({ children }: { children: ReactNode }): ReactNode {
  return <bdi dir="auto">{children}</bdi>;
}

/** The names of a path: "Novel › Part 2 › Storm". */
export function UserPath({ path }: { path: readonly { id: string; name: string }[] }): ReactNode {
  return path.map(({ id, name }, index) => (
    <Fragment key={id}>
      {index > 0 && words.general.pathSeparator}
      <UserText>{name}</UserText>
    </Fragment>
  ));
}

/** Our words about something that the user named `name`, if that is in them. */
export function TextWithName({ text, name }: { text: string; name: string | undefined }): ReactNode {
  const start = name ? text.indexOf(name) : -1;
  if (!name || start < 0) return text;
  return (
    <>
      {text.slice(0, start)}
      <UserText>{name}</UserText>
      {text.slice(start + name.length)}
    </>
  );
}

/** A sentence of ours in which the user's words stand in “quotes”. */
export function QuotedText({ text }: { text: string }): ReactNode {
  return text.split(/(?<=“)([^”]*)(?=”)/).map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence are never reordered
    index % 2 === 1 ? <UserText key={index}>{part}</UserText> : part,
  );
}
