/** The content of a blob of any schema, generated from the schema. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { UserText } from "../../ui/UserText";
import { Prose } from "../processors/Prose";
import { buildContent, type ContentPart } from "./contentModel";

const FIRST_LEVEL = 3; // of headings: the page and the blob stand above
const LAST_LEVEL = 6;

export function GeneratedContent({ blob }: { blob: Blob }): ReactNode {
  const schema = useQuery(useStudio().queries.schema(blob.schema_id, blob.schema_version));
  const parts = useMemo(() => buildContent(schema.data?.json_schema, blob.data), [schema.data, blob.data]);
  if (schema.isPending) return <p role="status">{text.general.reading}</p>;
  if (parts.length === 0) return <p className="quiet">{text.content.empty}</p>;
  return <Parts parts={parts} level={FIRST_LEVEL} />;
}

interface PartsProps {
  parts: readonly ContentPart[];
  level: number;
}

function Parts({ parts, level }: PartsProps): ReactNode {
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one blob are drawn anew together
    <Part part={part} level={level} key={index} />
  ));
}

function Part({ part, level }: { part: ContentPart; level: number }): ReactNode {
  switch (part.kind) {
    case "facts":
      return (
        <dl className="content-facts">
          {part.facts.map(({ name, value }) => (
            <div key={name}>
              <dt>
                <UserText>{name}</UserText>
              </dt>
              <dd>
                <UserText>{value}</UserText>
              </dd>
            </div>
          ))}
        </dl>
      );
    case "prose":
      return (
        <Section heading={part.heading} level={level}>
          <Prose text={part.text} isGrowing={false} />
        </Section>
      );
    case "list":
      return (
        <Section heading={part.heading} level={level}>
          <ContentList items={part.items} hidden={part.hidden} />
        </Section>
      );
    case "table":
      return (
        <Section heading={part.heading} level={level}>
          <ContentTable {...part} />
        </Section>
      );
    case "section":
      return (
        <Section heading={part.heading} level={level}>
          <Parts parts={part.parts} level={level + 1} />
        </Section>
      );
    case "data":
      return (
        <Section heading={part.heading} level={level}>
          <DataText value={part.value} />
        </Section>
      );
  }
}

interface SectionProps {
  heading: string | null;
  level: number;
  children: ReactNode;
}

function Section({ heading, level, children }: SectionProps): ReactNode {
  const Heading = `h${Math.min(level, LAST_LEVEL)}` as "h3" | "h4" | "h5" | "h6";
  return (
    <section className="content-part">
      {heading && <Heading dir="auto">{heading}</Heading>}
      {children}
    </section>
  );
}

function ContentList({ items, hidden }: { items: readonly string[]; hidden: number }): ReactNode {
  return (
    <>
      <ul className="content-list">
        {items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the items of one blob are drawn anew together
          <li dir="auto" key={index}>
            {item}
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className="quiet">{text.content.more(hidden)}</p>}
    </>
  );
}

interface ContentTableProps {
  heading: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  hidden: number;
}

function ContentTable({ heading, columns, rows, hidden }: ContentTableProps): ReactNode {
  return (
    <>
      <table className="content-table" aria-label={heading}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" dir="auto" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one blob are drawn anew together
            <tr key={index}>
              {row.map((cell, column) => (
                <td dir="auto" key={columns[column]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && <p className="quiet">{text.content.more(hidden)}</p>}
    </>
  );
}

/** Data as it is stored; long lines wrap. */
export function DataText({ value }: { value: unknown }): ReactNode {
  return (
    <pre className="data" dir="ltr">
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
