/** The lobby's page. */
import { useNavigate } from '@tanstack/react-router';
import { useIdentity } from '@/features/auth/identity';
import { Lobby } from '@/features/lobby/lobby';
import { PageFrame } from '@/app/shell/page-frame';
import { useTitle } from '@/app/shell/use-title';

export function LobbyPage() {
  const navigate = useNavigate();
  const user = useIdentity((state) => state.user);
  useTitle('Lobby');
  return (
    <PageFrame>
      <Lobby name={user?.display_name || 'trader'} open={(sessionId) => void navigate({ to: '/t/$sessionId', params: { sessionId } })} />
    </PageFrame>
  );
}
