/** A style analysis: its numbers in words, its findings in groups, and what could not be said. */

import type { ReactNode } from "react";
import type { Blob } from "../../../api/types";
import { text } from "../../../text";
import { UserText } from "../../../ui/UserText";
import { type FindingGroup, readStyle, type StyleFact, type StyleText } from "./styleAnalysis";

export function StyleAnalysis({ blob }: { blob: Blob }): ReactNode {
  const style = readStyle(blob);
  return (
    <>
      <Facts facts={style.facts} />
      {style.readability.length > 0 && (
        <Part heading={text.style.readability}>
          <Facts facts={style.readability} />
        </Part>
      )}
      {style.judgements.length > 0 && <Texts heading={text.style.judgements} texts={style.judgements} />}
      {style.texts.length > 0 && <Texts heading={text.style.texts} texts={style.texts} />}
      <Part heading={text.style.findings}>
        {style.groups.length === 0 ? (
          <p className="quiet">{text.style.nothingFound}</p>
        ) : (
          style.groups.map((group) => <Group group={group} key={group.kind} />)
        )}
      </Part>
      {style.missing.length > 0 && <Missing texts={style.missing} />}
    </>
  );
}

function Part({ heading, children }: { heading: string; children: ReactNode }): ReactNode {
  return (
    <section className="content-part">
      <h3>{heading}</h3>
      {children}
    </section>
  );
}

function Facts({ facts }: { facts: readonly StyleFact[] }): ReactNode {
  return (
    <dl className="content-facts">
      {facts.map(({ name, value, meaning }) => (
        <div key={name} title={meaning}>
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
}

function Group({ group }: { group: FindingGroup }): ReactNode {
  return (
    <details className="style-group">
      <summary>{text.style.groupTitle(group.name, group.count)}</summary>
      <ul className="content-list">
        {group.findings.map(({ quote, message, suggestions }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the findings of one analysis are drawn anew together
          <li key={index}>
            <q dir="auto">{quote}</q>
            <span className="quiet" dir="auto">
              {message}
            </span>
            {suggestions.length > 0 && <span dir="auto">{text.style.instead(suggestions)}</span>}
          </li>
        ))}
      </ul>
      {group.hidden > 0 && <p className="quiet">{text.content.more(group.hidden)}</p>}
    </details>
  );
}

function Texts({ heading, texts }: { heading: string; texts: readonly StyleText[] }): ReactNode {
  return (
    <Part heading={heading}>
      <TextList texts={texts} />
    </Part>
  );
}

function Missing({ texts }: { texts: readonly StyleText[] }): ReactNode {
  return (
    <details className="style-group">
      <summary>{text.style.missing(texts.length)}</summary>
      <TextList texts={texts} />
    </details>
  );
}

function TextList({ texts }: { texts: readonly StyleText[] }): ReactNode {
  return (
    <ul className="content-list">
      {texts.map(({ title, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one analysis are drawn anew together
        <li key={index}>
          <strong dir="auto">{title}</strong>
          <span className="quiet" dir="auto">
            {value}
          </span>
        </li>
      ))}
    </ul>
  );
}
