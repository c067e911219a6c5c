/** Who is signed in, and the ways from here. */
import { useNavigate } from '@tanstack/react-router';
import { DropdownMenu } from 'radix-ui';
import { signOut, useIdentity } from '@/features/auth/identity';

export function AccountMenu() {
  const user = useIdentity((state) => state.user);
  const navigate = useNavigate();
  const name = user?.display_name || user?.email || '?';
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="flex size-7 items-center justify-center rounded-full bg-hover text-xs font-semibold uppercase" aria-label={`Account of ${name}`}>
        {name.slice(0, 1)}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={8}>
          <DropdownMenu.Label className="px-3 py-1.5 text-xs text-dim">{user?.email}</DropdownMenu.Label>
          <DropdownMenu.Item className="menu-item" onSelect={() => void navigate({ to: '/lobby' })}>Lobby</DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void navigate({ to: '/profile' })}>Profile and preferences</DropdownMenu.Item>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className="menu-item" onSelect={() => void signOut().finally(() => void navigate({ to: '/login' }))}>Sign out</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
