/** The profile's page. */
import { identity, useIdentity } from '@/features/auth/identity';
import { Profile } from '@/features/profile/profile';
import { PageFrame } from '@/app/shell/page-frame';
import { useTitle } from '@/app/shell/use-title';

export function ProfilePage() {
  const user = useIdentity((state) => state.user);
  useTitle('Profile');
  return <PageFrame>{user !== null && <Profile user={user} renamed={(next) => identity.setState({ user: next })} />}</PageFrame>;
}
