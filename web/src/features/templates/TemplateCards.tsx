/** The templates to choose from: those of the studio, and the user's own. */

import { type ReactNode, useId } from "react";
import { Button } from "react-aria-components";
import type { Template } from "../../api/types";
import { text } from "../../text";
import { Icon, iconOfType } from "../../ui/Icon";
import { UserText } from "../../ui/UserText";

interface TemplateCardsProps {
  templates: readonly Template[];
  choose: (template: Template) => void;
}

export function TemplateCards({ templates, choose }: TemplateCardsProps): ReactNode {
  const own = templates.filter(({ origin }) => origin === "own");
  const shipped = templates.filter(({ origin }) => origin === "shipped");
  return (
    <div className="template-gallery">
      {own.length > 0 && <Cards label={text.templates.yourOwn} templates={own} choose={choose} />}
      {shipped.length > 0 && <Cards label={text.templates.ofTheStudio} templates={shipped} choose={choose} />}
    </div>
  );
}

function Cards({ label, templates, choose }: TemplateCardsProps & { label: string }): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="quiet">
        {label}
      </h3>
      <ul className="template-cards">
        {templates.map((template) => (
          <li key={template.id}>
            <Button className="template-card" onPress={() => choose(template)}>
              <span className="template-name">
                <Icon name={iconOfType(template.type)} /> <UserText>{template.name}</UserText>
              </span>
              {template.description && (
                <span className="template-about">
                  <UserText>{template.description}</UserText>
                </span>
              )}
              <span className="quiet">{text.templates.makes(template.bucket_count, template.text_count)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
