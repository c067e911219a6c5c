/** Renews a sign-in that ran out, in place: the workspace behind it stays. Loaded only when that happens. */
import { Dialog } from '@/components/dialog';
import { AuthForm } from '@/features/auth/auth-form';

export function SignInAgain({ email }: { email: string }) {
  return (
    <Dialog open close={() => undefined} locked title="Sign in again" describe="Your sign-in ran out. Your workspace and orders are untouched.">
      <AuthForm mode="again" email={email} done={() => undefined} />
    </Dialog>
  );
}
