/** Choose a scenario and its terms, and ask for an exchange. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '@/components/button';
import { SelectField, TextField } from '@/components/field';
import { Failure, Skeleton } from '@/components/states';
import { explain } from '@/lib/problem';
import { uuid7 } from '@/lib/uuid';
import { listDays, listScenarios, startSession, type SessionWish } from '@/features/lobby/api';
import { DayChooser, nearestDay } from '@/features/lobby/day-chooser';

export function StartForm({ started }: { started: (id: string) => void }) {
  const scenarios = useQuery({ queryKey: ['scenarios'], queryFn: listScenarios });
  const [slug, setSlug] = useState('open-market');
  const [date, setDate] = useState('2008-10-10');
  const [seed, setSeed] = useState('');
  const [cash, setCash] = useState('100000');
  const [speed, setSpeed] = useState('1');
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  // One key per wish: pressing twice, or again after a lost answer, starts one exchange.
  const [key, setKey] = useState(() => uuid7());
  const days = useQuery({ queryKey: ['days', slug], queryFn: () => listDays(slug), enabled: scenarios.data?.some((scenario) => scenario.slug === slug && scenario.dates) === true, staleTime: Infinity });

  if (scenarios.isPending) return <Skeleton rows={8} label="Loading scenarios" />;
  if (scenarios.isError) return <Failure failure={scenarios.error} retry={() => void scenarios.refetch()} />;

  const dated = scenarios.data.some((scenario) => scenario.slug === slug && scenario.dates);
  const cashIsGood = /^\d{1,12}(\.\d{1,2})?$/.test(cash) && Number(cash) > 0;
  // Whatever seed an exchange was given can be asked for again.
  const seedIsGood = seed === '' || (/^\d{1,16}$/.test(seed) && Number.isSafeInteger(Number(seed)));
  const chosenDay = days.data === undefined ? undefined : (days.data.find((day) => day.date === date) ?? nearestDay(days.data, date));

  const start = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    const wish: SessionWish = {
      scenario: slug,
      speed,
      account: { starting_cash: cash },
      ...(seed === '' ? {} : { seed: Number(seed) }),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(dated && chosenDay !== undefined ? { date: chosenDay.date } : {}),
    };
    try {
      const session = await startSession(wish, key);
      started(session.id);
    } catch (failure) {
      setProblem(explain(failure));
      setKey(uuid7());
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <fieldset className="grid gap-3 sm:grid-cols-2">
        <legend className="sr-only">Scenario</legend>
        {scenarios.data.map((scenario) => (
          <label key={scenario.slug} className={`cursor-pointer rounded-lg border p-4 transition-colors ${slug === scenario.slug ? 'border-accent bg-hover' : 'border-line bg-raised hover:bg-hover'}`}>
            <input type="radio" name="scenario" className="sr-only peer" value={scenario.slug} checked={slug === scenario.slug} onChange={() => { setSlug(scenario.slug); setKey(uuid7()); }} />
            <span className="flex items-center justify-between font-semibold peer-focus-visible:underline">
              {scenario.title}
              <span className={`chip ${scenario.dates ? 'chip-warn' : 'chip-good'}`}>{scenario.dates ? 'Real data' : 'Synthetic'}</span>
            </span>
            <span className="mt-1.5 block text-sm leading-snug text-dim">{scenario.summary}</span>
            <span className="mt-1.5 block text-xs text-faint">{scenario.symbols.join(' · ')} · <span className="whitespace-nowrap">{scenario.difficulty}</span></span>
          </label>
        ))}
      </fieldset>

      {dated && (days.isPending ? <Skeleton rows={3} label="Loading days" /> : days.isError ? <Failure failure={days.error} retry={() => void days.refetch()} /> : <DayChooser days={days.data} value={chosenDay?.date ?? date} change={(next) => { setDate(next); setKey(uuid7()); }} />)}

      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        <TextField label="Starting cash" inputMode="decimal" value={cash} error={!cashIsGood && 'An amount above zero.'} onChange={(event) => { setCash(event.target.value); setKey(uuid7()); }} />
        <SelectField label="Speed" value={speed} onChange={(event) => { setSpeed(event.target.value); setKey(uuid7()); }} options={['0.25', '0.5', '1', '2', '4', '8', '16', '64'].map((value) => ({ value, label: `${value}×` }))} />
        <TextField label="Seed" inputMode="numeric" placeholder="random" value={seed} error={!seedIsGood && 'A whole number up to 9007199254740991.'} onChange={(event) => { setSeed(event.target.value); setKey(uuid7()); }} />
        <TextField label="Name" placeholder="optional" maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
      </div>
      {problem !== '' && <div role="alert" className="notice notice-bad">{problem}</div>}
      <Button type="submit" tone="primary" size="large" busy={busy} disabled={!cashIsGood || !seedIsGood || (dated && chosenDay === undefined)}>
        Start exchange
      </Button>
    </form>
  );
}
