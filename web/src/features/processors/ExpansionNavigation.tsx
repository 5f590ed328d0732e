/** Steps through the expansions of a note; index 0 is the newest. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";

interface ExpansionNavigationProps {
  index: number;
  count: number;
  choose: (index: number) => void;
}

export function ExpansionNavigation({ index, count, choose }: ExpansionNavigationProps): ReactNode {
  return (
    <span className="versions-nav">
      <Button
        className="icon-button"
        aria-label={text.processors.older}
        isDisabled={index >= count - 1}
        onPress={() => choose(index + 1)}
      >
        <Icon name="left" />
      </Button>
      <span className="quiet">{text.processors.position(count - index, count)}</span>
      <Button
        className="icon-button flipped"
        aria-label={text.processors.newer}
        isDisabled={index === 0}
        onPress={() => choose(index - 1)}
      >
        <Icon name="left" />
      </Button>
    </span>
  );
}
