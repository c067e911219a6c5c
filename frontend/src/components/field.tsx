/** A labelled text input with its error tied to it. */
import { useId, type InputHTMLAttributes, type Ref, type SelectHTMLAttributes } from 'react';

export interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  error?: string | false | undefined;
  hint?: string;
  ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, error, hint, id, className = '', ...rest }: TextFieldProps) {
  const own = useId();
  const key = id ?? own;
  const says = typeof error === 'string' ? error : hint;
  return (
    <label className={`field ${className}`} htmlFor={key}>
      <span className="field-label">{label}</span>
      <input id={key} className="input" aria-invalid={typeof error === 'string'} aria-describedby={says === undefined ? undefined : `${key}-says`} {...rest} />
      {says !== undefined && (
        <span id={`${key}-says`} className={typeof error === 'string' ? 'text-xs text-bad' : 'text-xs text-dim'}>
          {says}
        </span>
      )}
    </label>
  );
}

export interface SelectFieldProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  options: { value: string; label: string }[];
}

export function SelectField({ label, options, className = '', ...rest }: SelectFieldProps) {
  const id = useId();
  return (
    <label className={`field ${className}`} htmlFor={id}>
      <span className="field-label">{label}</span>
      <select id={id} className="input" {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
