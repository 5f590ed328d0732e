/** The menu of the account: the theme, the help, and signing out. */

import type { ReactNode } from "react";
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import type { User } from "../../api/types";
import { graphemesOf } from "../../language/segmentation";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { THEMES, type Theme } from "../../studio/preferences";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { useStore } from "../../ui/store";
import { UserText } from "../../ui/UserText";

export function AccountMenu({ user }: { user: User }): ReactNode {
  const studio = useStudio();
  const openDialog = useOpenDialog();
  const signOut = async () => {
    studio.drafts.sendAll();
    for (const draft of studio.drafts.unsaved()) await studio.drafts.flush(draft.key);
    if (studio.drafts.unsaved().length > 0) return openDialog({ kind: "unsaved-texts" });
    try {
      await studio.signOut();
    } catch (error) {
      studio.notices.notifyError(text.accounts.signOutFailed, error);
    }
  };
  return (
    <MenuTrigger>
      <Button className="account" aria-label={text.accounts.accountOf(user.name)}>
        <UserText>{initialsOf(user.name)}</UserText>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={text.accounts.account}>
          <ThemeSection />
          <Separator />
          <MenuItem onAction={() => openDialog({ kind: "unsaved-texts" })}>{text.accounts.unsavedTexts}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "keyboard" })}>{text.general.keyboardAsking}</MenuItem>
          <Separator />
          <MenuItem onAction={() => void signOut()}>{text.accounts.signOut}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function ThemeSection(): ReactNode {
  const studio = useStudio();
  const theme = useStore(studio.theme, (value) => value);
  return (
    <MenuSection
      selectionMode="single"
      selectedKeys={[theme]}
      disallowEmptySelection
      onSelectionChange={(keys) => {
        const [chosen] = keys === "all" ? [] : keys;
        if (chosen) studio.theme.set(() => chosen as Theme);
      }}
    >
      <Header>{text.accounts.theme}</Header>
      {THEMES.map((id) => (
        <MenuItem id={id} key={id} textValue={text.accounts.themes[id]}>
          {({ isSelected }) => (
            <>
              <span>{text.accounts.themes[id]}</span>
              {isSelected && <Icon name="check" />}
            </>
          )}
        </MenuItem>
      ))}
    </MenuSection>
  );
}

/** Returns the first letters of the first and the last name. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const ends = [words[0], words.length > 1 ? words.at(-1) : ""];
  const letters = ends.map((word) => graphemesOf(word ?? "")[0] ?? "");
  return letters.join("").toUpperCase() || "?";
}
