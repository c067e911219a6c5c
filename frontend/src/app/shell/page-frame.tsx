/** Header, messages and, when the sign-in ran out, the dialog that renews it in place. */
import { QueryClientProvider } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { Toaster } from 'sonner';
import { useIdentity } from '@/features/auth/identity';
import { applyPreferences, loadPreferences } from '@/features/profile/preferences';
import { AccountMenu } from '@/app/shell/account-menu';
import { Brand } from '@/app/shell/brand';
import { queries } from '@/app/shell/queries';

const SignInAgain = lazy(() => import('@/app/shell/sign-in-again').then((module) => ({ default: module.SignInAgain })));

let applied = false;

export function PageFrame({ header, children, fixed = false }: { header?: ReactNode; children: ReactNode; fixed?: boolean }) {
  const status = useIdentity((state) => state.status);
  const email = useIdentity((state) => state.user?.email);
  useEffect(() => {
    if (applied) return;
    applied = true;
    loadPreferences().then(({ mine }) => applyPreferences(mine), () => { applied = false; });
  }, []);
  return (
    <div className={fixed ? 'flex h-dvh flex-col overflow-hidden' : 'flex min-h-dvh flex-col'}>
      <header className="top-bar">
        <Link to="/lobby" aria-label="Lobby" className="shrink-0 max-md:[&_span]:text-[0px]"><Brand /></Link>
        {header ?? <span className="flex-1" />}
        <AccountMenu />
      </header>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
      {status === 'expired' && (
        <Suspense>
          <SignInAgain email={email ?? ''} />
        </Suspense>
      )}
      <Toaster position="bottom-center" theme="dark" visibleToasts={4} toastOptions={{ className: 'toast' }} />
    </div>
  );
}
