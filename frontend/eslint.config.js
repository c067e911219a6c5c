// Types are checked strictly and imports go one way: generated, lib, config, components -> stream -> features -> app.
import { readdirSync } from 'node:fs';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const FLOORS = [['generated', 'config', 'lib', 'components'], ['stream'], ['features'], ['app']];
const features = readdirSync(new URL('./src/features', import.meta.url));

/** Forbid a folder's files to import from the floors above it. */
const floorRules = FLOORS.flatMap((names, index) => {
  const above = FLOORS.slice(index + 1).flat();
  if (above.length === 0) return [];
  return names.map((name) => ({
    files: [`src/${name}/**/*.{ts,tsx}`],
    ignores: name === 'features' ? ['src/features/**'] : ['src/**/*.test.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: above.map((a) => `@/${a}/*`).concat(above.map((a) => `@/${a}`)), message: `${name} stands below ${above.join(', ')}.` }] },
      ],
    },
  }));
});

/** No feature imports another. */
const featureRules = features.map((feature) => ({
  files: [`src/features/${feature}/**/*.{ts,tsx}`],
  ignores: ['src/**/*.test.{ts,tsx}'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: ['@/app/*', ...features.filter((other) => other !== feature).map((other) => `@/features/${other}/*`)],
            message: 'A feature knows no other feature and nothing of the app.',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/generated/api.d.ts', 'test-results', 'playwright-report'] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  { files: ['**/*.{js,mjs}'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['src/**/*.{ts,tsx}', 'e2e/**/*.ts'],
    plugins: { 'react-hooks': hooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ['vite.config.ts', 'playwright.config.ts'], rules: { 'no-restricted-exports': 'off' } },
  ...floorRules,
  ...featureRules,
);
