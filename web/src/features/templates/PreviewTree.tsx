/** The tree that a template becomes, each repeated bucket once, with how often it is made. */

import type { ReactNode } from "react";
import type { PreviewNode } from "../../api/types";
import { text } from "../../text";
import { Icon, iconOfType } from "../../ui/Icon";
import { UserText } from "../../ui/UserText";

interface PreviewTreeProps {
  root: PreviewNode;
  /** The chosen parameters, which say how often buckets are made. */
  values: Readonly<Record<string, number | string>>;
}

export function PreviewTree({ root, values }: PreviewTreeProps): ReactNode {
  return (
    <ul className="preview-tree">
      <PreviewItem node={root} values={values} />
    </ul>
  );
}

function PreviewItem({ node, values }: { node: PreviewNode; values: PreviewTreeProps["values"] }): ReactNode {
  const { children = [], more = 0, repeat } = node;
  const times = repeat ? Number(values[repeat] ?? node.times ?? 1) : 1;
  const icon = node.kind === "text" ? "page" : iconOfType(node.type ?? "");
  return (
    <li className={times === 0 ? "none" : undefined}>
      <span className={`preview-${node.kind}`}>
        <Icon name={icon} /> <UserText>{node.name}</UserText>
        {repeat && <span className="quiet"> {text.templates.times(times)}</span>}
      </span>
      {(children.length > 0 || more > 0) && (
        <ul>
          {children.map((child, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a template's items have no ids and never change places
            <PreviewItem node={child} values={values} key={place} />
          ))}
          {more > 0 && <li className="quiet">{text.templates.more(more)}</li>}
        </ul>
      )}
    </li>
  );
}
