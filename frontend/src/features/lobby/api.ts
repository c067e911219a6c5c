/** What the lobby asks the platform. */
import type { ProgressStep, ScenarioCard, SessionCard, SessionDetail, TradingDay } from '@/generated/shapes';
import { get, openStream, send } from '@/lib/http';
import { RequestProblem } from '@/lib/problem';
import { readEvents } from '@/lib/server-events';

function rows<T>(answer: T[] | { results: T[] }): T[] {
  return Array.isArray(answer) ? answer : answer.results;
}

export async function listSessions(): Promise<SessionCard[]> {
  return rows(await get<SessionCard[] | { results: SessionCard[] }>('/sessions', { limit: 50 }));
}

export async function listScenarios(): Promise<ScenarioCard[]> {
  return rows(await get<ScenarioCard[] | { results: ScenarioCard[] }>('/scenarios'));
}

export async function listDays(slug: string): Promise<TradingDay[]> {
  return rows(await get<TradingDay[] | { results: TradingDay[] }>(`/scenarios/${slug}/days`));
}

export interface SessionWish {
  scenario: string;
  date?: string;
  seed?: number;
  speed?: string;
  name?: string;
  account?: { starting_cash: string };
}

export async function startSession(wish: SessionWish, idempotencyKey: string): Promise<SessionDetail> {
  const answer = await send<SessionDetail>('POST', '/sessions', {
    body: wish,
    headers: { 'Idempotency-Key': idempotencyKey },
    timeoutMs: 30_000,
  });
  return answer.data;
}

export async function stopSession(id: string): Promise<void> {
  await send('POST', `/sessions/${id}/stop`, { body: {} });
}

export async function wakeSession(id: string): Promise<void> {
  await send('POST', `/sessions/${id}/wake`, { body: {} });
}

/** Follow a session's start; resolves when the stream ended or the start is over. */
export async function followProgress(id: string, hear: (step: ProgressStep) => void, signal: AbortSignal): Promise<void> {
  const response = await openStream(`/sessions/${id}/progress`, undefined, {}, signal);
  if (!response.ok) throw new RequestProblem(response.status, {}, response.headers.get('X-Request-ID'));
  await readEvents(response, (event) => {
    try {
      hear(JSON.parse(event.data) as ProgressStep);
    } catch {
      // A line that is no JSON (a comment of a proxy) tells nothing.
    }
  });
}
