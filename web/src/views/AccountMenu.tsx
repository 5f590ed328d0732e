/** The account, the theme, and the way out. */

import type { ReactNode } from "react";
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import type { User } from "../model/nouns";
import type { Theme } from "../model/prefs";
import { useStore } from "../model/store";
import { useAsk, useStudio } from "./context";
import { Icon } from "./icons";

const THEMES: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

export function AccountMenu({ user }: { user: User }): ReactNode {
  const studio = useStudio();
  const theme = useStore(studio.theme, (value) => value);
  const ask = useAsk();
  return (
    <MenuTrigger>
      <Button className="account" aria-label={`Account of ${user.name}`}>
        {initials(user.name)}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label="Account">
          <MenuSection
            selectionMode="single"
            selectedKeys={[theme]}
            disallowEmptySelection
            onSelectionChange={(keys) => {
              const [chosen] = keys === "all" ? [] : keys;
              if (chosen) studio.theme.set(() => chosen as Theme);
            }}
          >
            <Header>Theme</Header>
            {(Object.keys(THEMES) as Theme[]).map((id) => (
              <MenuItem id={id} key={id} textValue={THEMES[id]}>
                {({ isSelected }) => (
                  <>
                    <span>{THEMES[id]}</span>
                    {isSelected && <Icon of="check" />}
                  </>
                )}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator />
          <MenuItem onAction={() => ask({ kind: "unsaved" })}>Unsaved and set-aside texts…</MenuItem>
          <MenuItem onAction={() => ask({ kind: "keys" })}>Keyboard…</MenuItem>
          <Separator />
          <MenuItem onAction={() => void signOut()}>Sign out</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );

  async function signOut(): Promise<void> {
    studio.drafts.drain();
    for (const draft of studio.drafts.unsaved()) await studio.drafts.settle(draft.key);
    if (studio.drafts.unsaved().length > 0) return ask({ kind: "unsaved" });
    try {
      await studio.leave();
    } catch (error) {
      studio.notices.fail("You could not be signed out.", error);
    }
  }
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}
