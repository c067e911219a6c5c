/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie that no script can read.
 * One refresh at a time over all tabs: rotating tokens must not race each other.
 */
import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import { REFRESH_AHEAD_MS } from '@/config/runtime';
import type { TokenAnswer, User } from '@/generated/shapes';
import { get, send, type TokenSource } from '@/lib/http';
import { RequestProblem } from '@/lib/problem';

interface Identity {
  user: User | null;
  access: string | null;
  expiresAt: number;
  /** unknown until the first silent refresh; expired when a running terminal must ask for the password again. */
  status: 'unknown' | 'out' | 'in' | 'expired';
}

export const identity = createStore<Identity>()(() => ({ user: null, access: null, expiresAt: 0, status: 'unknown' }));

export function useIdentity<T>(select: (state: Identity) => T): T {
  return useStore(identity, select);
}

const LOCK = 'tradesim-refresh';
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(LOCK);
let timer: ReturnType<typeof setTimeout> | undefined;
let running: Promise<string | null> | null = null;

interface Shared {
  access?: string;
  expiresAt?: number;
  signedOut?: boolean;
}

function keep(access: string, expiresAt: number, user?: User | null): void {
  identity.setState((state) => ({ access, expiresAt, user: user ?? state.user, status: 'in' }));
  clearTimeout(timer);
  timer = setTimeout(() => void renew(), Math.max(5_000, expiresAt - Date.now() - REFRESH_AHEAD_MS));
}

if (channel !== null) {
  channel.onmessage = (event: MessageEvent<Shared>) => {
    const { access, expiresAt, signedOut } = event.data;
    if (signedOut === true) identity.setState({ access: null, user: null, status: 'out' });
    else if (access !== undefined && expiresAt !== undefined && identity.getState().status !== 'out') keep(access, expiresAt);
  };
}

function accept(answer: TokenAnswer): void {
  const expiresAt = new Date(answer.access_expires_at).getTime();
  keep(answer.access, expiresAt, answer.user);
  channel?.postMessage({ access: answer.access, expiresAt } satisfies Shared);
}

async function locked<T>(work: () => Promise<T>): Promise<T> {
  const locks = (navigator as { locks?: LockManager }).locks;
  return locks === undefined ? work() : locks.request(LOCK, work);
}

async function refreshOnce(): Promise<string | null> {
  const before = identity.getState().access;
  return locked(async () => {
    // Another tab may have refreshed while this one waited.
    const now = identity.getState();
    if (now.access !== null && now.access !== before && now.expiresAt > Date.now() + 5_000) return now.access;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        const { data } = await send<TokenAnswer>('POST', '/auth/refresh', { anonymous: true, body: {} });
        accept(data);
        return data.access;
      } catch (failure) {
        if (!(failure instanceof RequestProblem)) throw failure;
        // 409: this very token was used a moment ago; the newer cookie is already here.
        if (failure.status === 409 && attempt === 0) {
          await new Promise((resolve) => setTimeout(resolve, 300));
          continue;
        }
        if (failure.status >= 500 || failure.status === 429) throw failure;
        identity.setState((state) => ({ access: null, status: state.user === null ? 'out' : 'expired' }));
        return null;
      }
    }
    return null;
  });
}

/** A fresh access token, or null when the person must sign in again. Never rejects: no answer keeps what we have. */
export function renew(): Promise<string | null> {
  running ??= refreshOnce()
    .catch(() => identity.getState().access)
    .finally(() => {
      running = null;
    });
  return running;
}

export const tokenSource: TokenSource = {
  current: () => {
    const { access, expiresAt } = identity.getState();
    return access !== null && expiresAt > Date.now() + 2_000 ? access : null;
  },
  renew: (refused) => {
    const { access, status } = identity.getState();
    if (status === 'out') return Promise.resolve(null);
    if (refused !== null && access !== null && access !== refused) return Promise.resolve(access);
    return renew();
  },
};

/** Find out, once per page, whether the cookie still stands for somebody. */
export async function recall(): Promise<boolean> {
  if (identity.getState().status === 'unknown') {
    const access = await renew();
    if (access === null) identity.setState({ status: 'out' });
    else if (identity.getState().user === null) identity.setState({ user: await get<User>('/me') });
  }
  return identity.getState().status !== 'out';
}

export type SignInAnswer = { kind: 'in' } | { kind: 'mfa'; ticket: string };

export async function signIn(email: string, password: string): Promise<SignInAnswer> {
  try {
    const { data } = await send<TokenAnswer>('POST', '/auth/login', {
      anonymous: true,
      body: { email, password, refresh_in: 'cookie' },
    });
    accept(data);
    return { kind: 'in' };
  } catch (failure) {
    if (failure instanceof RequestProblem && typeof failure.extra.mfa_ticket === 'string') {
      return { kind: 'mfa', ticket: failure.extra.mfa_ticket };
    }
    throw failure;
  }
}

export async function answerMfa(ticket: string, code: string): Promise<void> {
  const { data } = await send<TokenAnswer>('POST', '/auth/mfa', { anonymous: true, body: { mfa_ticket: ticket, code } });
  accept(data);
}

export async function signUp(email: string, password: string, displayName: string): Promise<'login' | 'verify'> {
  const { data } = await send<{ next: 'login' | 'verify' }>('POST', '/auth/signup', {
    anonymous: true,
    body: { email, password, display_name: displayName },
  });
  return data.next;
}

export async function signOut(): Promise<void> {
  try {
    await send('POST', '/auth/logout', { body: {} });
  } finally {
    clearTimeout(timer);
    identity.setState({ access: null, user: null, status: 'out' });
    channel?.postMessage({ signedOut: true } satisfies Shared);
  }
}
