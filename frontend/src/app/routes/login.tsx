/** The door: sign in and sign up. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { AuthForm } from '@/features/auth/auth-form';
import { Brand } from '@/app/shell/brand';
import { useTitle } from '@/app/shell/use-title';

function Door({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <div className="door">
      <section className="door-pitch" aria-hidden="true">
        <Brand />
        <div>
          <p className="text-3xl leading-tight font-semibold tracking-tight text-balance">An exchange of your own.</p>
          <ul className="mt-6 flex flex-col gap-3 text-dim">
            <li>A real order book, with your place in its queue.</li>
            <li>A clock you can pause, slow down and speed up.</li>
            <li>Real days of market history, with the bars before them.</li>
            <li>Nothing is lost: close the browser, come back, go on.</li>
          </ul>
        </div>
        <span />
      </section>
      <main className="flex items-center justify-center p-6">
        <div className="w-full max-w-sm">
          <div className="mb-8 lg:hidden"><Brand /></div>
          <h1 className="mb-6 text-xl font-semibold">{heading}</h1>
          {children}
        </div>
      </main>
    </div>
  );
}

function useArrive(): () => void {
  const navigate = useNavigate();
  const { next } = useSearch({ strict: false });
  return () => void navigate({ href: next ?? '/lobby', replace: true });
}

export function LoginPage() {
  const arrive = useArrive();
  useTitle('Sign in');
  return (
    <Door heading="Sign in">
      <AuthForm mode="login" done={arrive} footer={<p className="text-center text-sm text-dim">New here? <Link className="text-accent hover:underline" to="/signup" search={(before) => before}>Create an account</Link></p>} />
    </Door>
  );
}

export function SignupPage() {
  const arrive = useArrive();
  useTitle('Create account');
  return (
    <Door heading="Create your account">
      <AuthForm mode="signup" done={arrive} footer={<p className="text-center text-sm text-dim">Already here? <Link className="text-accent hover:underline" to="/login" search={(before) => before}>Sign in</Link></p>} />
    </Door>
  );
}
