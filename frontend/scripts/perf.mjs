/**
 * Measures the built terminal against the mock market: main-thread share, frame rate, long tasks, heap and time to
 * the first chart, at RATE updates/s (100). Start `npm run mock` first; BASE_URL says where. Prints JSON; fails on
 * a broken budget.
 */
import { chromium } from '@playwright/test';

const base = process.env.BASE_URL ?? 'http://localhost:8100';
const seconds = Number(process.env.SECONDS_MEASURED ?? 15);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
await page.goto(`${base}/login`);
await page.getByLabel('Email').fill('perf@example.com');
await page.getByLabel('Password').fill('correct horse battery');
await page.getByRole('button', { name: 'Sign in' }).click();
await page.waitForURL('**/lobby');
await page.getByRole('button', { name: 'Resume' }).click();
await page.waitForURL('**/t/*');
const started = Date.now();
await page.reload();
await page.waitForFunction(() => [...document.querySelectorAll('canvas')].some((canvas) => canvas.width > 300));
const firstChartMs = Date.now() - started;
await page.waitForTimeout(4_000);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
const before = await metrics();
const frames = await page.evaluate(async (ms) => {
  const longs = [];
  new PerformanceObserver((list) => longs.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  const gaps = [];
  let last = performance.now();
  const end = last + ms;
  await new Promise((resolve) => {
    const tick = (now) => {
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(tick);
      else resolve();
    };
    requestAnimationFrame(tick);
  });
  gaps.sort((a, b) => a - b);
  return { fps: (gaps.length / ms) * 1000, p99: gaps[Math.floor(gaps.length * 0.99)], longs };
}, seconds * 1_000);
const after = await metrics();
const spent = (name) => (after[name] - before[name]) / (after.Timestamp - before.Timestamp);
const result = {
  first_chart_ms: firstChartMs,
  main_thread_busy_percent: Math.round(spent('TaskDuration') * 1000) / 10,
  script_percent: Math.round(spent('ScriptDuration') * 1000) / 10,
  layout_and_style_percent: Math.round((spent('LayoutDuration') + spent('RecalcStyleDuration')) * 1000) / 10,
  fps: Math.round(frames.fps),
  p99_frame_ms: Math.round(frames.p99 * 10) / 10,
  long_tasks: frames.longs.length,
  heap_mb: Math.round(after.JSHeapUsedSize / 1e5) / 10,
};
console.log(JSON.stringify(result, null, 2));
await browser.close();
if (result.main_thread_busy_percent > 35 || result.fps < 55) process.exitCode = 1;
