/** The messages at the edge of the page. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useStudio } from "../studio/context";
import type { Notice } from "../studio/notices";
import { text } from "../text";
import { Icon } from "../ui/Icon";
import { useStore } from "../ui/store";
import { QuotedText } from "../ui/UserText";

export function NoticeList(): ReactNode {
  const shown = useStore(useStudio().notices.shown, (value) => value);
  return (
    <section className="notices" aria-label={text.app.messages} aria-live="polite">
      {shown.map((notice) => (
        <NoticeItem notice={notice} key={notice.id} />
      ))}
    </section>
  );
}

function NoticeItem({ notice }: { notice: Notice }): ReactNode {
  const { notices } = useStudio();
  return (
    <div className={notice.isError ? "notice wrong" : "notice"} role={notice.isError ? "alert" : undefined}>
      <p>
        <QuotedText text={notice.text} />
      </p>
      {notice.actions.map(({ label, run }) => (
        <Button
          className="link"
          key={label}
          onPress={() => {
            notices.close(notice.id);
            run();
          }}
        >
          {label}
        </Button>
      ))}
      <Button className="icon-button" aria-label={text.general.close} onPress={() => notices.close(notice.id)}>
        <Icon name="close" />
      </Button>
    </div>
  );
}
