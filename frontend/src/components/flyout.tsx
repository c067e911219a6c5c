/** A small window under a button, by the browser's own popover: it closes on Escape and on a click elsewhere. */
import { useId, useState, type ButtonHTMLAttributes, type ReactNode } from 'react';

export interface FlyoutProps {
  /** Attributes and content of the button that opens it. */
  trigger: ButtonHTMLAttributes<HTMLButtonElement> & { [data: `data-${string}`]: string };
  className?: string;
  label: string;
  /** Drawn only while it is open; gets the way to close it. */
  children: (close: () => void) => ReactNode;
}

export function Flyout({ trigger, className = '', label, children }: FlyoutProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const close = (): void => document.getElementById(id)?.hidePopover();
  return (
    <>
      <button type="button" popoverTarget={id} aria-expanded={open} {...trigger} />
      <div id={id} popover="auto" role="group" aria-label={label} className={`flyout ${className}`} onToggle={(event) => setOpen(event.newState === 'open')}>
        {open && children(close)}
      </div>
    </>
  );
}
