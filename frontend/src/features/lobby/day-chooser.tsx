/** A trading day out of the days that history holds: typed, stepped or picked; others cannot be chosen. */
import { useMemo, useState } from 'react';
import { Button } from '@/components/button';
import { TextField } from '@/components/field';
import type { TradingDay } from '@/generated/shapes';

const PICKS: { date: string; label: string }[] = [
  { date: '2008-10-10', label: 'Panic low' },
  { date: '2008-09-29', label: 'Bailout refused' },
  { date: '2010-05-06', label: 'Flash crash' },
  { date: '2000-04-14', label: 'Dot-com break' },
  { date: '1987-10-19', label: 'Black Monday' },
];

/** The listed day on or nearest to `date`, found by bisection; days are sorted ascending. */
export function nearestDay(days: TradingDay[], date: string): TradingDay | undefined {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle]?.date ?? '') < date) low = middle + 1;
    else high = middle;
  }
  return days[low] ?? days[days.length - 1];
}

export function DayChooser({ days, value, change }: { days: TradingDay[]; value: string; change: (date: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const index = useMemo(() => days.findIndex((day) => day.date === value), [days, value]);
  const shown = typed ?? value;
  const exact = days.some((day) => day.date === shown);
  const nearest = exact ? undefined : nearestDay(days, shown);
  const first = days[0]?.date ?? '';
  const last = days[days.length - 1]?.date ?? '';
  const choose = (date: string): void => {
    setTyped(null);
    change(date);
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-end gap-2">
        <Button aria-label="Previous trading day" disabled={index <= 0} onClick={() => choose(days[index - 1]?.date ?? value)}>‹</Button>
        <TextField
          className="flex-1"
          label="Trading day"
          type="date"
          min={first}
          max={last}
          value={shown}
          onChange={(event) => {
            const date = event.target.value;
            if (days.some((day) => day.date === date)) choose(date);
            else setTyped(date);
          }}
        />
        <Button aria-label="Next trading day" disabled={index < 0 || index >= days.length - 1} onClick={() => choose(days[index + 1]?.date ?? value)}>›</Button>
      </div>
      {!exact && nearest !== undefined && (
        <p className="text-xs text-warn" role="status">
          The market was closed or is not in the data that day.{' '}
          <button type="button" className="underline" onClick={() => choose(nearest.date)}>
            Use {nearest.date}
          </button>
        </p>
      )}
      <div className="flex flex-wrap gap-1.5" aria-label="Well-known days">
        {PICKS.filter((pick) => days.some((day) => day.date === pick.date)).map((pick) => (
          <Button key={pick.date} size="small" aria-pressed={pick.date === value} className={pick.date === value ? 'border-accent!' : ''} onClick={() => choose(pick.date)}>
            {pick.label} <span className="text-faint">{pick.date}</span>
          </Button>
        ))}
      </div>
      <p className="text-xs text-dim">
        {exact ? `Listed that day: ${days.find((day) => day.date === shown)?.symbols.join(', ') ?? ''}` : `${days.length} days from ${first} to ${last}`}
      </p>
    </div>
  );
}
