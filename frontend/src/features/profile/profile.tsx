/** Name and preferences. Appearance changes are seen at once and saved on the server. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '@/components/button';
import { SelectField, TextField } from '@/components/field';
import { Failure, Skeleton } from '@/components/states';
import type { User } from '@/generated/shapes';
import { send } from '@/lib/http';
import { explain } from '@/lib/problem';
import { applyPreferences, loadPreferences, savePreferences, type Preferences } from '@/features/profile/preferences';

interface ProfileProps {
  user: User;
  renamed: (user: User) => void;
}

function ProfileForm({ user, renamed, start, all }: ProfileProps & { start: Preferences; all: Record<string, unknown> }) {
  const [name, setName] = useState(user.display_name);
  const [wish, setWish] = useState(start);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ good: boolean; text: string } | null>(null);
  const change = (part: Partial<Preferences>): void => {
    const next = { ...wish, ...part };
    setWish(next);
    applyPreferences(next);
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      if (name.trim() !== user.display_name) renamed((await send<User>('PATCH', '/me', { body: { display_name: name.trim() } })).data);
      await savePreferences(wish, all);
      setSaid({ good: true, text: 'Saved.' });
    } catch (failure) {
      setSaid({ good: false, text: explain(failure) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="card grid gap-4 p-5 sm:grid-cols-2">
        <h2 className="font-semibold sm:col-span-2">You</h2>
        <TextField label="Display name" value={name} maxLength={80} required onChange={(event) => setName(event.target.value)} />
        <TextField label="Email" value={user.email} readOnly />
      </div>
      <div className="card grid gap-4 p-5 sm:grid-cols-2">
        <h2 className="font-semibold sm:col-span-2">Appearance</h2>
        <SelectField label="Theme" value={wish.theme} onChange={(event) => change({ theme: event.target.value as Preferences['theme'] })} options={[{ value: 'dark', label: 'Dark' }, { value: 'light', label: 'Light' }, { value: 'contrast', label: 'High contrast' }, { value: 'system', label: 'Follow the system' }]} />
        <SelectField label="Up / down colors" value={wish.palette} onChange={(event) => change({ palette: event.target.value as Preferences['palette'] })} options={[{ value: 'green-red', label: 'Green / red' }, { value: 'blue-orange', label: 'Blue / orange' }]} />
        <SelectField label="Numbers" value={wish.number_format} onChange={(event) => change({ number_format: event.target.value as Preferences['number_format'] })} options={[{ value: 'en-US', label: '1,234,567.89' }, { value: 'de-DE', label: '1.234.567,89' }, { value: 'fr-FR', label: '1 234 567,89' }, { value: 'en-IN', label: '12,34,567.89' }]} />
      </div>
      <div className="card grid grid-cols-5 gap-3 p-5">
        <h2 className="col-span-5 font-semibold">Order sizes on keys 1–5</h2>
        {wish.sizes.map((size, index) => (
          <TextField key={index} label={`Key ${index + 1}`} inputMode="numeric" value={size} onChange={(event) => change({ sizes: wish.sizes.map((old, place) => (place === index ? event.target.value.replace(/\D/g, '') : old)) })} />
        ))}
      </div>
      <div className="flex items-center gap-3">
        <Button type="submit" tone="primary" busy={busy} disabled={wish.sizes.some((size) => !/^[1-9]\d*$/.test(size)) || name.trim() === ''}>
          Save
        </Button>
        <span role="status" className={said?.good === false ? 'text-bad' : 'text-dim'}>{said?.text}</span>
      </div>
    </form>
  );
}

export function Profile({ user, renamed }: ProfileProps) {
  const preferences = useQuery({ queryKey: ['preferences'], queryFn: loadPreferences, staleTime: 0 });
  return (
    <main className="mx-auto w-full max-w-3xl px-4 py-8">
      <h1 className="mb-5 text-xl font-semibold">Profile</h1>
      {preferences.isPending ? <Skeleton /> : preferences.isError ? <Failure failure={preferences.error} retry={() => void preferences.refetch()} /> : <ProfileForm user={user} renamed={renamed} start={preferences.data.mine} all={preferences.data.all} />}
      <footer className="mt-10 text-xs leading-relaxed text-faint">
        Charts by TradingView Lightweight Charts™, Copyright © 2025 TradingView, Inc. <a className="underline" href="https://www.tradingview.com/" rel="noreferrer">www.tradingview.com</a>, Apache License 2.0. Inter typeface, SIL Open Font License 1.1.
      </footer>
    </main>
  );
}
