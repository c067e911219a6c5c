/** The button: tones and sizes are tokens; a busy one says so and cannot be pressed twice. */
import type { ButtonHTMLAttributes } from 'react';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: 'plain' | 'primary' | 'buy' | 'sell' | 'ghost' | 'danger';
  size?: 'small' | 'medium' | 'large';
  busy?: boolean;
}

export function Button({ tone = 'plain', size = 'medium', busy = false, className = '', children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button type={type} className={`btn btn-${tone} btn-${size} ${className}`} disabled={disabled === true || busy} aria-busy={busy} {...rest}>
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}
