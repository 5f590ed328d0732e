/** A labelled choice of one among few. */

import { type ReactNode, useId } from "react";

interface SelectFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; name: string }[];
  description?: ReactNode;
  error?: string | undefined;
}

export function SelectField({ label, value, onChange, options, description, error }: SelectFieldProps): ReactNode {
  const id = useId();
  const describedBy = [description ? `${id}-about` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        aria-describedby={describedBy || undefined}
        aria-invalid={error ? true : undefined}
      >
        {options.map((option) => (
          <option value={option.value} key={option.value}>
            {option.name}
          </option>
        ))}
      </select>
      {description && (
        <span className="quiet" id={`${id}-about`}>
          {description}
        </span>
      )}
      {error && (
        <span className="wrong" id={`${id}-error`}>
          {error}
        </span>
      )}
    </div>
  );
}
