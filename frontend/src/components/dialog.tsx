/** A modal dialog with focus kept inside (Radix), in the house's look. */
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

export interface DialogProps {
  open: boolean;
  close: () => void;
  title: string;
  describe?: string;
  wide?: boolean;
  locked?: boolean;
  children: ReactNode;
}

export function Dialog({ open, close, title, describe, wide = false, locked = false, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => { if (!next && !locked) close(); }}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-overlay" />
        <Radix.Content className={`dialog ${wide ? 'dialog-wide' : ''}`} {...(describe === undefined ? { 'aria-describedby': undefined } : {})}>
          <div className="mb-4 flex items-start justify-between gap-4">
            <div>
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {describe !== undefined && <Radix.Description className="mt-1 text-sm text-dim">{describe}</Radix.Description>}
            </div>
            {!locked && (
              <Radix.Close className="btn btn-ghost btn-small" aria-label="Close">
                ✕
              </Radix.Close>
            )}
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
