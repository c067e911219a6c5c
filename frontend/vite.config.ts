/** Build and development server. The bundle is served by the platform from its own origin, under /static/. */
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const platform = process.env.PLATFORM_URL ?? 'http://localhost:8000';

export default defineConfig(({ command }) => ({
  // In production hashed assets live under Django's STATIC_URL; index.html is answered on every page address.
  base: command === 'build' ? '/static/' : '/',
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    sourcemap: false,
    // The policy forbids inline scripts and data: images; keep every asset a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler|zustand)[\\/]/ },
            { name: 'chart', test: /node_modules[\\/](lightweight-charts|fancy-canvas)[\\/]/ },
            { name: 'dock', test: /node_modules[\\/]flexlayout-react[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: platform },
      '/ws': { target: platform.replace('http', 'ws'), ws: true },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    
    restoreMocks: true,
    testTimeout: 10_000,
  },
}));
