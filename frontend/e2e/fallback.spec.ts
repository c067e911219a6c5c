/** Where sockets are not let through, the terminal goes on by server-sent events and says so. */
import { expect, test } from '@playwright/test';
import { expectMoving, signUp, trade } from './trader';

test('without a socket the market still moves and orders still fill', async ({ page }) => {
  await page.routeWebSocket(/\/ws\//, (socket) => socket.close({ code: 1011, reason: 'not let through' }));
  await signUp(page);
  await page.getByRole('button', { name: 'Start exchange' }).click();
  await page.waitForURL('**/t/*', { timeout: 30_000 });
  await expect(page.getByTestId('link')).toHaveAttribute('data-state-link', 'fallback', { timeout: 30_000 });
  await expectMoving(page);
  await trade(page, { side: 'Buy', type: 'Market', quantity: '10' });
  await page.getByRole('tab', { name: 'Fills' }).click();
  await expect(page.getByRole('table', { name: 'Fills' }).getByRole('row').nth(1)).toContainText('Bought');
});
