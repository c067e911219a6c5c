/** Sign up, start an exchange, trade, lose the simulator, lose the browser, and find everything again. */
import { expect, test } from '@playwright/test';
import { canKill, killSimulator } from './kill';
import { expectLive, expectMoving, startExchange, signUp, trade } from './trader';

test('everything a trader did is still there after a crash', async ({ page, context }) => {
  const failures: string[] = [];
  page.on('pageerror', (failure) => failures.push(failure.message));
  await signUp(page);
  const sessionId = await startExchange(page);
  await expectMoving(page);

  // A market order fills against real depth.
  await trade(page, { side: 'Buy', type: 'Market', quantity: '50' });
  const bottom = page.locator('[data-panel]');
  await page.getByRole('tab', { name: 'Fills' }).click();
  const fills = page.getByRole('table', { name: 'Fills' });
  await expect(fills.getByRole('row').nth(1)).toContainText('Bought');
  await page.getByRole('tab', { name: 'Positions' }).click();
  const positions = page.getByRole('table', { name: 'Positions' });
  await expect(positions.getByRole('row').nth(1)).toContainText('+50');

  // A limit order far below rests, shows its queue, is amended and stays.
  await page.getByRole('tab', { name: 'Working orders' }).click();
  const ticket = page.getByRole('form', { name: /Order ticket/ });
  await ticket.getByRole('radio', { name: 'Limit' }).click();
  const near = await ticket.getByLabel(/Limit price/).inputValue();
  const price = (Math.floor(Number(near) * 99) / 100).toFixed(2);
  await trade(page, { side: 'Buy', type: 'Limit', quantity: '20', price });
  const working = page.getByRole('table', { name: 'Working orders' });
  await expect(working.getByRole('row')).toHaveCount(2);
  await expect(working.getByText('Working')).toBeVisible();
  await working.getByRole('button', { name: /^Amend/ }).click();
  await working.getByLabel('New total quantity').fill('10');
  await working.getByRole('button', { name: 'Amend', exact: true }).click();
  await expect(working.getByRole('row').nth(1)).toContainText('10');
  await expect(working.getByText('Working')).toBeVisible();
  const cash = await page.getByTestId('cash').textContent();
  await page.screenshot({ path: 'test-results/terminal.png' });

  if (canKill()) {
    await killSimulator(sessionId);
    // No reload: the same page finds its exchange again.
    await expect(page.getByTestId('mode')).toHaveText(/LIVE-SIM/, { timeout: 20_000 });
    await expectLive(page);
    await expectMoving(page);
    await expect(working.getByRole('row')).toHaveCount(2);
    await expect(page.getByTestId('cash')).toHaveText(cash ?? '');
    await page.screenshot({ path: 'test-results/after-kill.png' });
    // And it still trades.
    await trade(page, { side: 'Sell', type: 'Market', quantity: '25' });
    await page.getByRole('tab', { name: 'Positions' }).click();
    await expect(positions.getByRole('row').nth(1)).toContainText('+25');
  }

  // A new tab has nothing in memory: the cookie and the server are all there is.
  const second = await context.newPage();
  await second.goto(`/t/${sessionId}`);
  await expectLive(second);
  // The workspace comes back as it was left, with the positions in front.
  await second.getByRole('tab', { name: 'Working orders' }).click();
  await expect(second.getByRole('table', { name: 'Working orders' }).getByRole('row')).toHaveCount(2);
  await second.getByRole('tab', { name: 'Fills' }).click();
  await expect(second.getByRole('table', { name: 'Fills' }).getByRole('row').nth(1)).toBeVisible();
  await second.getByRole('tab', { name: 'Working orders' }).click();
  await second.getByRole('button', { name: 'Cancel all' }).click();
  await expect(second.getByText('No working orders.')).toBeVisible();
  // The first tab hears of it too.
  await page.getByRole('tab', { name: 'Working orders' }).click();
  await expect(page.getByText('No working orders.')).toBeVisible();
  await expect(bottom.first()).toBeVisible();
  expect(failures).toEqual([]);
});

test('a day of 2008 is traded with the bars before it', async ({ page }) => {
  await signUp(page);
  await startExchange(page, async () => {
    await page.getByRole('radio', { name: /History/ }).check({ force: true });
    await page.getByRole('button', { name: /2008-10-10/ }).click();
  });
  await page.getByRole('radio', { name: '1d' }).click();
  await expect(page.getByRole('group', { name: /1d bars/ })).toBeVisible();
  await expect(page.getByText('10 Oct 2008')).toBeVisible();
  await expectMoving(page);
  await page.waitForTimeout(500);
  await page.screenshot({ path: 'test-results/history.png' });
});

test('an order that cannot be paid is explained and changes nothing', async ({ page }) => {
  await signUp(page);
  await startExchange(page);
  const cash = await page.getByTestId('cash').textContent();
  await trade(page, { side: 'Buy', type: 'Limit', quantity: '90000' });
  // Said once, by the preview or by the refusal, whichever came first.
  await expect(page.getByTestId('preview')).toContainText('Insufficient buying power');
  await expect(page.getByTestId('cash')).toHaveText(cash ?? '');
  await page.screenshot({ path: 'test-results/refused.png' });
});
