/** One part of a pitch: a text or a list, with what is wrong with it, and the buttons to change it. */

import { type ReactNode, useState } from "react";
import { Button, Form, Label, TextArea, TextField } from "react-aria-components";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { useStore } from "../../ui/store";
import { UserText } from "../../ui/UserText";
import { useForm } from "../../ui/useForm";
import { FormButtons } from "../library/dialogs/BucketForm";
import { Prose } from "../processors/Prose";
import { hasEnded, runKey } from "../processors/runs";
import { PITCH_WRITER, type PitchLine, type PitchPart, type PitchVariant } from "./pitch";

interface PitchPartProps {
  blob: Blob;
  part: PitchPart;
  variant: PitchVariant;
}

export function PitchPartView({ blob, part, variant }: PitchPartProps): ReactNode {
  const [isEdited, setEdited] = useState(false);
  const heading = text.pitches.headingOf(variant, part.name);
  return (
    <section className="pitch-part" aria-label={heading} data-part={part.name}>
      <header>
        <h4>{heading}</h4>
        {!isEdited && <PartButtons blob={blob} part={part} heading={heading} edit={() => setEdited(true)} />}
      </header>
      {part.remark && (
        <p className="pitch-remark">
          <Icon name="alert" /> <UserText>{part.remark}</UserText>
        </p>
      )}
      {isEdited ? (
        <PartForm blob={blob} part={part} heading={heading} close={() => setEdited(false)} />
      ) : (
        <Content part={part} />
      )}
    </section>
  );
}

function Content({ part }: { part: PitchPart }): ReactNode {
  if (part.isEmpty) return <p className="quiet">{text.pitches.notDrafted}</p>;
  if (part.text !== null) return <Prose text={part.text} isGrowing={false} />;
  return (
    <ul className="content-list">
      {part.lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one part are drawn anew together
        <Line line={line} key={index} />
      ))}
    </ul>
  );
}

function Line({ line: { name, text: about, isUnchecked } }: { line: PitchLine }): ReactNode {
  return (
    <li>
      {name && (
        <strong>
          <UserText>{name}</UserText>
        </strong>
      )}
      {isUnchecked && <span className="pitch-unchecked">{text.pitches.unchecked}</span>} <UserText>{about}</UserText>
    </li>
  );
}

interface PartButtonsProps {
  blob: Blob;
  part: PitchPart;
  heading: string;
  edit: () => void;
}

function PartButtons({ blob, part, heading, edit }: PartButtonsProps): ReactNode {
  const { pitches, runs } = useStudio();
  const run = useStore(runs, (known) => known.get(runKey(blob.id, PITCH_WRITER)));
  const isBusy = run !== undefined && !hasEnded(run);
  return (
    <div className="row">
      {part.text !== null && (
        <Button className="link" aria-label={text.pitches.editName(heading)} onPress={edit}>
          {text.pitches.edit}
        </Button>
      )}
      <Button
        className="link"
        isDisabled={isBusy}
        aria-label={part.isEmpty ? text.pitches.draftName(heading) : text.pitches.draftAgainName(heading)}
        onPress={() => void pitches.draftAgain(blob, part.name)}
      >
        {part.isEmpty ? text.pitches.draft : text.pitches.draftAgain}
      </Button>
    </div>
  );
}

interface PartFormProps {
  blob: Blob;
  part: PitchPart;
  heading: string;
  close: () => void;
}

function PartForm({ blob, part, heading, close }: PartFormProps): ReactNode {
  const { pitches } = useStudio();
  const form = useForm(text.pitches.editFailed, async (field) => {
    await pitches.edit(blob, part.name, field("content"));
    close();
  });
  return (
    <Form onSubmit={form.onSubmit} className="pitch-form">
      <TextField name="content" defaultValue={part.text ?? ""} autoFocus className="field">
        <Label className="hidden-label">{heading}</Label>
        <TextArea dir="auto" rows={part.name === "logline" ? 3 : 8} />
      </TextField>
      {form.error}
      <FormButtons submitLabel={text.pitches.save} isBusy={form.isBusy} close={close} />
    </Form>
  );
}
