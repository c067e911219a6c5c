/**
 * One door to the REST API: bearer token, time-out, problem details. Never retries anything but a request refused
 * for an expired token, which the server did not act on.
 */
import { API_BASE } from '@/config/runtime';
import { NoAnswer, RequestProblem } from '@/lib/problem';

export interface TokenSource {
  /** The access token to use now, or null when nobody is signed in. */
  current(): string | null;
  /** A fresh token after a 401, or null when the refresh was refused. */
  renew(refused: string | null): Promise<string | null>;
}

let tokens: TokenSource = { current: () => null, renew: () => Promise.resolve(null) };

export function useTokenSource(source: TokenSource): void {
  tokens = source;
}

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  timeoutMs?: number;
  signal?: AbortSignal;
  anonymous?: boolean;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  data: T;
}

/** The address of an API path with its query; undefined values are left out. */
export function apiUrl(path: string, query?: RequestOptions['query']): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return `${API_BASE}${path}${text === '' ? '' : `?${text}`}`;
}

async function once(method: string, path: string, options: RequestOptions, token: string | null): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  const limit = AbortSignal.timeout(options.timeoutMs ?? 15_000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  try {
    return await fetch(apiUrl(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (failure) {
    if (options.signal?.aborted === true) throw failure;
    throw new NoAnswer(limit.aborted);
  }
}

/** Send a request; 2xx answers come back parsed, everything else is thrown as RequestProblem or NoAnswer. */
export async function send<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  let token = options.anonymous === true ? null : tokens.current();
  if (token === null && options.anonymous !== true) token = await tokens.renew(null);
  let response = await once(method, path, options, token);
  if (response.status === 401 && options.anonymous !== true) {
    const fresh = await tokens.renew(token);
    if (fresh !== null) response = await once(method, path, options, fresh);
  }
  let body: unknown;
  try {
    body = response.status === 204 ? undefined : await response.json();
  } catch {
    if (response.ok) throw new NoAnswer(false);
    body = {};
  }
  if (!response.ok) {
    const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    throw new RequestProblem(response.status, fields, response.headers.get('X-Request-ID'));
  }
  return { status: response.status, headers: response.headers, data: body as T };
}

export async function get<T>(path: string, query?: RequestOptions['query'], signal?: AbortSignal): Promise<T> {
  return (await send<T>('GET', path, { query, signal })).data;
}

/** Open a streaming GET (server-sent events) with the bearer token. */
export async function openStream(path: string, query: RequestOptions['query'], headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const attempt = (token: string | null): Promise<Response> =>
    fetch(apiUrl(path, query), {
      headers: { Accept: 'text/event-stream', ...headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
  const token = tokens.current() ?? (await tokens.renew(null));
  const response = await attempt(token);
  if (response.status !== 401) return response;
  const fresh = await tokens.renew(token);
  return fresh === null ? response : attempt(fresh);
}
