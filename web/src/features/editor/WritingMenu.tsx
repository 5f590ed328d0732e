/** The settings of writing: typography, quiet, and the type on the screen. */

import type { ReactNode } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { QUOTE_LANGUAGES } from "../../language/typography";
import { useStudio } from "../../studio/context";
import {
  MEASURES,
  type Measure,
  PROSE_FONTS,
  TEXT_SIZES,
  type WritingPreferences,
} from "../../studio/writingPreferences";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { SelectField } from "../../ui/SelectField";
import { useStore } from "../../ui/store";

const SWITCHES = ["isFocused", "isTypewriter", "isSmart", "isSpellChecked"] as const;

/** `children` stand above the settings. */
export function WritingMenu({ children }: { children?: ReactNode }): ReactNode {
  return (
    <DialogTrigger>
      <Button className="icon-button" aria-label={text.writing.title}>
        <Icon name="type" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="writing-settings" aria-label={text.writing.title}>
          {children}
          <Settings />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Settings(): ReactNode {
  const { writing } = useStudio();
  const preferences = useStore(writing, (value) => value);
  const change = (changed: Partial<WritingPreferences>) => writing.set((value) => ({ ...value, ...changed }));
  return (
    <>
      {SWITCHES.map((key) => (
        <label className="find-switch" key={key}>
          <input
            type="checkbox"
            checked={preferences[key]}
            onChange={(event) => change({ [key]: event.currentTarget.checked })}
          />{" "}
          {text.writing[key]}
        </label>
      ))}
      <SelectField
        label={text.writing.language}
        value={preferences.language}
        options={languageOptions(preferences.language)}
        onChange={(language) => change({ language })}
      />
      <SelectField
        label={text.writing.font}
        value={preferences.font}
        options={PROSE_FONTS.map((id) => ({ value: id, name: text.writing.fonts[id] }))}
        onChange={(font) => change({ font: font as WritingPreferences["font"] })}
      />
      <SelectField
        label={text.writing.size}
        value={String(preferences.textSize)}
        options={TEXT_SIZES.map((size) => ({ value: String(size), name: text.writing.pixels(size) }))}
        onChange={(size) => change({ textSize: Number(size) })}
      />
      <SelectField
        label={text.writing.measure}
        value={preferences.measure}
        options={(Object.keys(MEASURES) as Measure[]).map((id) => ({ value: id, name: text.writing.measures[id] }))}
        onChange={(measure) => change({ measure: measure as Measure })}
      />
    </>
  );
}

/** The languages with marks of their own, and that of the browser, each by its name. */
function languageOptions(chosen: string): { value: string; name: string }[] {
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const ids = [...new Set([...QUOTE_LANGUAGES, navigator.language, chosen])];
  return ids
    .map((id) => ({ value: id, name: names.of(id) ?? id }))
    .sort((one, other) => one.name.localeCompare(other.name));
}
