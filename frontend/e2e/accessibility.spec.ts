/** axe on every page, in three themes. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startExchange, signUp } from './trader';

async function clean(page: Page, where: string): Promise<void> {
  for (const theme of ['dark', 'light', 'contrast']) {
    await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
    const said = violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(' | ')}`);
    expect.soft(said, `${where} in ${theme}`).toEqual([]);
  }
}

test('pages and terminal have no axe violations', async ({ page }) => {
  // Colours that fade from one theme to the next would be measured half way.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/login');
  await expect(page.getByLabel('Email')).toBeVisible();
  await clean(page, 'login');
  await signUp(page);
  await expect(page.getByRole('button', { name: 'Start exchange' })).toBeVisible();
  await clean(page, 'lobby');
  await page.goto('/profile');
  await expect(page.getByLabel('Display name')).toBeVisible();
  await clean(page, 'profile');
  await page.goto('/lobby');
  await startExchange(page);
  await clean(page, 'terminal');
});
