/** Mark and name. */
export function Brand() {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
        <path d="M9 6v4M9 20v5M16 9v3M16 21v4M23 5v5M23 17v5" stroke="var(--faint)" strokeWidth="1.6" strokeLinecap="round" />
        <rect x="6.5" y="10" width="5" height="10" rx="1" fill="var(--down)" />
        <rect x="13.5" y="12" width="5" height="9" rx="1" fill="var(--up)" />
        <rect x="20.5" y="10" width="5" height="7" rx="1" fill="var(--up)" />
      </svg>
      Tradesim
    </span>
  );
}
