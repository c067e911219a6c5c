/** The addresses of the product. Every page is its own chunk; those behind the door ask who is there first. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { Empty, Failure, Skeleton } from '@/components/states';
import { recall } from '@/features/auth/identity';

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <div className="h-dvh"><Empty action={<a className="btn btn-plain btn-medium" href="/lobby">To the lobby</a>}>There is no page at this address.</Empty></div>
  ),
  errorComponent: ({ error, reset }) => <div className="h-dvh"><Failure failure={error} retry={reset} stillTrue="Your exchanges and orders are safe on the server." /></div>,
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async () => {
    return redirect({ to: (await recall()) ? '/lobby' : '/login', throw: true });
  },
});

interface Wanted {
  next?: string;
}

const wanted = (search: Record<string, unknown>): Wanted => (typeof search.next === 'string' && search.next.startsWith('/') && !search.next.startsWith('//') ? { next: search.next } : {});

const login = createRoute({ getParentRoute: () => root, path: '/login', validateSearch: wanted, component: lazyRouteComponent(() => import('@/app/routes/login'), 'LoginPage') });
const signup = createRoute({ getParentRoute: () => root, path: '/signup', validateSearch: wanted, component: lazyRouteComponent(() => import('@/app/routes/login'), 'SignupPage') });

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    if (!(await recall())) redirect({ to: '/login', search: { next: location.href }, throw: true });
  },
  component: Outlet,
});

const lobby = createRoute({ getParentRoute: () => inside, path: '/lobby', component: lazyRouteComponent(() => import('@/app/routes/lobby'), 'LobbyPage') });
const profile = createRoute({ getParentRoute: () => inside, path: '/profile', component: lazyRouteComponent(() => import('@/app/routes/profile'), 'ProfilePage') });
const terminal = createRoute({ getParentRoute: () => inside, path: '/t/$sessionId', component: lazyRouteComponent(() => import('@/app/routes/terminal'), 'TerminalPage') });

export const router = createRouter({
  routeTree: root.addChildren([home, login, signup, inside.addChildren([lobby, profile, terminal])]),
  defaultPendingComponent: () => <Skeleton label="Loading page" />,
  defaultPendingMs: 150,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
