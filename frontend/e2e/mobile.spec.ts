/** The terminal on a phone: five tabs, two steps to an order, nothing off screen. */
import { expect, test } from '@playwright/test';
import { startExchange, signUp } from './trader';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test('trade from the ladder by two taps', async ({ page }) => {
  await signUp(page);
  await startExchange(page);
  for (const name of ['Watch', 'Chart', 'Trade', 'Positions', 'More']) {
    await page.getByRole('tab', { name }).click();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider, `${name} must not scroll sideways`).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `test-results/mobile-${name.toLowerCase()}.png` });
  }
  await page.getByRole('tab', { name: 'Trade' }).click();
  await page.locator('.ladder-bid').last().tap();
  const confirm = page.getByRole('group', { name: 'Confirm order' });
  await expect(confirm).toContainText('Buy');
  await confirm.getByRole('button', { name: 'Place' }).tap();
  await page.getByRole('tab', { name: 'Positions' }).click();
  await expect(page.getByRole('table', { name: 'Working orders' }).getByRole('row')).toHaveCount(2);
});
