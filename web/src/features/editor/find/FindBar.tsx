/** The bar with which words are found and replaced in a whole chapter. */

import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { editorId } from "../editorProps";
import { type ChapterMatch, useChapterFind } from "./chapterFind";

interface FindBarProps {
  draftKeys: readonly string[];
  close: () => void;
}

export function FindBar({ draftKeys, close }: FindBarProps): ReactNode {
  const [search, setSearch] = useState("");
  const [replacement, setReplacement] = useState("");
  const [isCaseSensitive, setCaseSensitive] = useState(false);
  const [isWholeWords, setWholeWords] = useState(false);
  const query = useMemo(() => ({ search, isCaseSensitive, isWholeWords }), [search, isCaseSensitive, isWholeWords]);
  const { matches, current, step, replace, replaceAll } = useChapterFind(draftKeys, query);
  const show = (match: ChapterMatch | null) => match && void showMatch(match);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") show(step(event.shiftKey ? -1 : 1));
    else return;
    event.preventDefault();
  };
  const hasNone = matches.length === 0;
  return (
    <search className="find-bar" aria-label={text.writing.find} onKeyDown={onKeyDown}>
      <FindField label={text.writing.findLabel} value={search} onChange={setSearch} isFirst />
      <span className="quiet" role="status">
        {search !== "" && (hasNone ? text.writing.noMatches : text.writing.position(current + 1, matches.length))}
      </span>
      <StepButtons isDisabled={hasNone} step={(by) => show(step(by))} />
      <FindField label={text.writing.replaceLabel} value={replacement} onChange={setReplacement} />
      <Button className="button" isDisabled={current < 0} onPress={() => replace(replacement)}>
        {text.writing.replace}
      </Button>
      <Button className="button" isDisabled={hasNone} onPress={() => replaceAll(replacement)}>
        {text.writing.replaceAll}
      </Button>
      <FindSwitch label={text.writing.matchCase} isOn={isCaseSensitive} change={setCaseSensitive} />
      <FindSwitch label={text.writing.wholeWords} isOn={isWholeWords} change={setWholeWords} />
      <Button className="icon-button" aria-label={text.general.close} onPress={close}>
        <Icon name="close" />
      </Button>
    </search>
  );
}

function StepButtons({ isDisabled, step }: { isDisabled: boolean; step: (by: 1 | -1) => void }): ReactNode {
  return (
    <>
      <Button
        className="icon-button"
        aria-label={text.writing.previousMatch}
        isDisabled={isDisabled}
        onPress={() => step(-1)}
      >
        <Icon name="left" />
      </Button>
      <Button
        className="icon-button"
        aria-label={text.writing.nextMatch}
        isDisabled={isDisabled}
        onPress={() => step(1)}
      >
        <Icon name="chevron" />
      </Button>
    </>
  );
}

interface FindFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  isFirst?: boolean;
}

function FindField({ label, value, onChange, isFirst = false }: FindFieldProps): ReactNode {
  return (
    <input
      dir="auto"
      aria-label={label}
      placeholder={label}
      value={value}
      ref={(field) => {
        if (isFirst && field && field.dataset["opened"] === undefined) {
          field.dataset["opened"] = "";
          field.focus();
        }
      }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function FindSwitch({
  label,
  isOn,
  change,
}: {
  label: string;
  isOn: boolean;
  change: (isOn: boolean) => void;
}): ReactNode {
  return (
    <label className="find-switch">
      <input type="checkbox" checked={isOn} onChange={(event) => change(event.currentTarget.checked)} /> {label}
    </label>
  );
}

/** Scrolls to the match and selects it; the editor of a note far away opens as it comes near. */
async function showMatch({ draftKey, from, to }: ChapterMatch): Promise<void> {
  const { selectInEditor } = await import("../prose/selectInEditor");
  const row = document.querySelector(`[data-draft="${CSS.escape(draftKey)}"]`);
  selectInEditor(editorId(draftKey), row, { from, to });
}
