/** The trader's arrangement of the panels is where they left it. */
import { expect, test } from '@playwright/test';
import { startExchange, signUp } from './trader';

test('the workspace comes back as it was left', async ({ page }) => {
  await signUp(page);
  await startExchange(page);
  const fills = page.getByRole('tab', { name: 'Fills' });
  await expect(fills).toHaveAttribute('aria-selected', 'false');
  const kept = page.waitForResponse((response) => response.url().includes('/me/layouts') && response.request().method() !== 'GET');
  await fills.click();
  expect((await kept).ok()).toBe(true);
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Fills' })).toHaveAttribute('aria-selected', 'true');
});
