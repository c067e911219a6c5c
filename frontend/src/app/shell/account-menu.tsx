/** Who is signed in, and the ways from here. */
import { Link, useNavigate } from '@tanstack/react-router';
import { Flyout } from '@/components/flyout';
import { signOut, useIdentity } from '@/features/auth/identity';

export function AccountMenu() {
  const user = useIdentity((state) => state.user);
  const navigate = useNavigate();
  const name = user?.display_name || user?.email || '?';
  return (
    <Flyout
      label="Account"
      className="menu"
      trigger={{
        className: 'flex size-7 shrink-0 items-center justify-center rounded-full bg-hover text-xs font-semibold uppercase',
        'aria-label': `Account of ${name}`,
        children: name.slice(0, 1),
      }}
    >
      {(close) => (
        <>
          <p className="px-3 py-1.5 text-xs text-dim">{user?.email}</p>
          <Link className="menu-item" to="/lobby" onClick={close}>Lobby</Link>
          <Link className="menu-item" to="/profile" onClick={close}>Profile and preferences</Link>
          <hr className="my-1 border-line" />
          <button type="button" className="menu-item" onClick={() => { close(); void signOut().finally(() => void navigate({ to: '/login' })); }}>
            Sign out
          </button>
        </>
      )}
    </Flyout>
  );
}
