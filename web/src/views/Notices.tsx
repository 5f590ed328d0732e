/** The messages at the edge of the page. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useStore } from "../model/store";
import { useStudio } from "./context";
import { Icon } from "./icons";

export function Notices(): ReactNode {
  const { notices } = useStudio();
  const shown = useStore(notices.shown, (value) => value);
  return (
    <section className="notices" aria-label="Messages" aria-live="polite">
      {shown.map((notice) => (
        <div
          className={notice.wrong ? "notice wrong" : "notice"}
          role={notice.wrong ? "alert" : undefined}
          key={notice.id}
        >
          <p>{notice.text}</p>
          {notice.actions.map(({ label, act }) => (
            <Button
              className="link"
              key={label}
              onPress={() => {
                notices.close(notice.id);
                act();
              }}
            >
              {label}
            </Button>
          ))}
          <Button className="icon-button" aria-label="Close" onPress={() => notices.close(notice.id)}>
            <Icon of="close" />
          </Button>
        </div>
      ))}
    </section>
  );
}
