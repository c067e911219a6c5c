/** What a person does in the browser, named once for all journeys. */
import { expect, type Page } from '@playwright/test';

export interface Trader {
  email: string;
  password: string;
}

export function newTrader(): Trader {
  const unique = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
  return { email: `trader-${unique}@example.com`, password: `correct horse ${unique}` };
}

export async function signUp(page: Page): Promise<Trader> {
  const trader = newTrader();
  await page.goto('/signup');
  await page.getByLabel('Display name').fill('Ada');
  await page.getByLabel('Email').fill(trader.email);
  await page.getByLabel('Password').fill(trader.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL('**/lobby');
  return trader;
}

/** Start an exchange and wait for its terminal to be live. Answers the session's id. */
export async function startExchange(page: Page, choose?: (page: Page) => Promise<void>): Promise<string> {
  await choose?.(page);
  await page.getByRole('button', { name: 'Start exchange' }).click();
  await page.waitForURL('**/t/*', { timeout: 30_000 });
  await expectLive(page);
  const id = /\/t\/([^/?#]+)/.exec(page.url())?.[1];
  if (id === undefined) throw new Error(`no session in ${page.url()}`);
  return id;
}

export async function expectLive(page: Page): Promise<void> {
  await expect(page.getByTestId('link')).toHaveAttribute('data-state-link', 'live', { timeout: 30_000 });
}

/** The market moves: simulated time on screen changes. */
export async function expectMoving(page: Page): Promise<void> {
  const shown = await page.getByTestId('sim-time').textContent();
  await expect(page.getByTestId('sim-time')).not.toHaveText(shown ?? '');
}

/** Fill in and send the ticket, as it stands on screen. */
export async function trade(page: Page, order: { side: 'Buy' | 'Sell'; type: 'Limit' | 'Market'; quantity: string; price?: string }): Promise<void> {
  const ticket = page.getByRole('form', { name: /Order ticket/ });
  await ticket.getByRole('radio', { name: new RegExp(`^${order.side}`) }).click();
  await ticket.getByRole('radio', { name: order.type }).click();
  await ticket.getByLabel('Quantity').fill(order.quantity);
  if (order.price !== undefined) await ticket.getByLabel(/Limit price/).fill(order.price);
  await ticket.getByRole('button', { name: new RegExp(`^${order.side} ${order.quantity}`) }).click();
  // On a slow line the ticket asks twice.
  const again = ticket.getByRole('button', { name: /press again/ });
  if (await again.isVisible()) await again.click();
}
