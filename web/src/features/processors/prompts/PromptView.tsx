/** One prompt: its parts with where they are from, its tokens, and its answer. */

import type { ReactNode } from "react";
import type { PromptPart, RunPrompt } from "../../../api/types";
import { text } from "../../../text";
import { UserText } from "../../../ui/UserText";

export function PromptView({ prompt }: { prompt: RunPrompt }): ReactNode {
  const name = text.prompts.nameOf(prompt.number, prompt.attempt);
  return (
    <article className="prompt" aria-label={name}>
      <h3>{name}</h3>
      <p className="quiet">{factsOf(prompt).join(text.trash.separator)}</p>
      <ol className="plain" aria-label={text.prompts.parts}>
        {prompt.parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a prompt never change
          <PartView part={part} key={index} />
        ))}
      </ol>
      {prompt.answer && (
        <section aria-label={text.prompts.answer}>
          <p className="quiet">
            {text.prompts.answer}
            {text.trash.separator}
            {text.prompts.tokens(prompt.output_tokens, prompt.estimated)}
          </p>
          <p className="prompt-text" dir="auto">
            {prompt.answer}
          </p>
          {prompt.answer.length < prompt.answer_characters && <Shortened characters={prompt.answer_characters} />}
        </section>
      )}
      {prompt.error && <p className="reason wrong">{prompt.error}</p>}
    </article>
  );
}

function PartView({ part }: { part: PromptPart }): ReactNode {
  const facts = [text.prompts.roles[part.role], text.prompts.tokens(part.tokens, part.estimated)];
  return (
    <li>
      <p className="quiet">
        <UserText>{part.source}</UserText>
        {text.trash.separator}
        {facts.join(text.trash.separator)}
        {part.reason && (
          <>
            {text.trash.separator}
            <UserText>{part.reason}</UserText>
          </>
        )}
      </p>
      <p className="prompt-text" dir="auto">
        {part.text}
      </p>
      {part.shortened && <Shortened characters={part.characters} />}
    </li>
  );
}

function Shortened({ characters }: { characters: number }): ReactNode {
  return <p className="quiet">{text.prompts.shortened(characters)}</p>;
}

function factsOf({ state, model, input_tokens, estimated, seconds }: RunPrompt): string[] {
  const facts: string[] = [text.prompts.states[state]];
  if (model) facts.push(model);
  facts.push(text.prompts.tokens(input_tokens, estimated));
  if (seconds !== null) facts.push(text.prompts.seconds(seconds));
  return facts;
}
