/** Sign in, sign up, and the code of a second factor: one form, one error region. */
import { useState, type ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import { Button } from '@/components/button';
import { TextField } from '@/components/field';
import { explain } from '@/lib/problem';
import { answerMfa, signIn, signUp } from '@/features/auth/identity';

interface Fields {
  display_name: string;
  email: string;
  password: string;
  code: string;
}

/** 0–4: length first, variety second; a long passphrase beats symbols. */
export function passphraseStrength(value: string): number {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  const byLength = value.length >= 20 ? 4 : value.length >= 14 ? 3 : value.length >= 10 ? 2 : value.length >= 8 ? 1 : 0;
  return value.length < 8 ? 0 : Math.min(4, Math.max(byLength, byLength + (kinds >= 3 ? 1 : 0)));
}

const STRENGTH = ['Too short', 'Weak', 'Fair', 'Good', 'Strong'];

export interface AuthFormProps {
  mode: 'login' | 'signup' | 'again';
  email?: string;
  done: () => void;
  footer?: ReactNode;
}

export function AuthForm({ mode, email, done, footer }: AuthFormProps) {
  const { register, handleSubmit, watch, formState } = useForm<Fields>({
    defaultValues: { display_name: '', email: email ?? '', password: '', code: '' },
  });
  const [problem, setProblem] = useState('');
  const [note, setNote] = useState('');
  const [ticket, setTicket] = useState<string | null>(null);
  const strength = passphraseStrength(watch('password'));

  const submit = handleSubmit(async (fields) => {
    setProblem('');
    try {
      if (ticket !== null) {
        await answerMfa(ticket, fields.code.trim());
        done();
        return;
      }
      if (mode === 'signup') {
        const next = await signUp(fields.email, fields.password, fields.display_name);
        if (next === 'verify') {
          setNote('We sent a link to your address. Open it to finish, then sign in.');
          return;
        }
      }
      const answer = await signIn(fields.email, fields.password);
      if (answer.kind === 'mfa') setTicket(answer.ticket);
      else done();
    } catch (failure) {
      setProblem(explain(failure));
    }
  });

  return (
    <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)} noValidate>
      {ticket !== null ? (
        <TextField
          label="Code from your authenticator"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          {...register('code', { required: true })}
        />
      ) : (
        <>
          {mode === 'signup' && (
            <TextField label="Display name" autoComplete="nickname" error={formState.errors.display_name && 'Choose a name to be shown.'} {...register('display_name', { required: true, maxLength: 80 })} />
          )}
          <TextField
            label="Email"
            type="email"
            autoComplete="username"
            readOnly={mode === 'again'}
            error={formState.errors.email && 'Enter an email address.'}
            {...register('email', { required: true, pattern: /^\S+@\S+$/ })}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete={mode === 'signup' ? 'new-password' : 'current-password'}
            error={formState.errors.password && (mode === 'signup' ? 'Use at least 8 characters.' : 'Enter your password.')}
            {...register('password', { required: true, minLength: mode === 'signup' ? 8 : 1 })}
          />
          {mode === 'signup' && (
            <div className="-mt-2 flex items-center gap-2 text-xs text-dim">
              <span className="flex flex-1 gap-1" aria-hidden="true">
                {[1, 2, 3, 4].map((step) => (
                  <span key={step} className={`h-1 flex-1 rounded-full ${strength >= step ? 'bg-accent' : 'bg-line'}`} />
                ))}
              </span>
              <span aria-live="polite">{STRENGTH[strength]}</span>
            </div>
          )}
        </>
      )}
      <div role="alert" className={problem === '' ? 'sr-only' : 'notice notice-bad'}>
        {problem}
      </div>
      {note !== '' && <div className="notice" role="status">{note}</div>}
      <Button type="submit" tone="primary" size="large" busy={formState.isSubmitting}>
        {ticket !== null ? 'Confirm' : mode === 'signup' ? 'Create account' : 'Sign in'}
      </Button>
      {footer}
    </form>
  );
}
