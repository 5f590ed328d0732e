/** The links between the pages about processors. */

import type { ReactNode } from "react";
import { useRoute } from "../../studio/context";
import { DEAD_LETTERS_ROUTE, linkTo, PIPELINES_ROUTE, PROCESSORS_ROUTE, RUNS_ROUTE } from "../../studio/route";
import { text } from "../../text";

const PAGES = [
  [PROCESSORS_ROUTE, text.registry.processors],
  [PIPELINES_ROUTE, text.pipelines.title],
  [RUNS_ROUTE, text.registry.runs],
  [DEAD_LETTERS_ROUTE, text.registry.deadLetters],
] as const;

export function ProcessorTabs(): ReactNode {
  const route = useRoute();
  return (
    <nav className="tabs" aria-label={text.registry.pages}>
      {PAGES.map(([target, name]) => (
        <a href={linkTo(target)} aria-current={route === target ? "page" : undefined} key={target}>
          {name}
        </a>
      ))}
    </nav>
  );
}
