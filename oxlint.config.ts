import { defineConfig } from 'oxlint';

/** The stages of `gateway/`: none may import another; `gateway.ts` wires them, and `hosting/` those that plugins pass. */
const stages = [
  'transports',
  'admission',
  'cells',
  'preprocess',
  'buffer',
  'delivery',
  'preflight',
  'registry',
  'commands',
  'twin',
  'alarms',
  'notify',
  'history',
  'traces',
  'live',
  'rules',
  'flows',
  'access',
  'passport',
  'api',
  'console',
];

/** One driver, one home; HTTP goes out to sinks, to people, and to devices on behalf of plugins. */
const homes: Record<string, string> = {
  aedes: 'transports',
  ws: 'transports',
  'mqtt-packet': 'transports',
  serialport: 'transports',
  onoff: 'transports',
  piscina: 'preprocess',
  'better-sqlite3': 'buffer',
  undici: 'delivery, cells, notify',
  nodemailer: 'notify',
  '@platformatic/kafka': 'delivery',
  fastify: 'api',
  jose: 'access',
  'openid-client': 'access',
  'oxc-parser': 'admission',
  'age-encryption': 'passport',
  preact: 'console',
  'preact-render-to-string': 'console',
  'qrcode-generator': 'console',
  uplot: 'console',
};

const driversOutside = (stage: string): { name: string; message: string }[] =>
  Object.entries(homes)
    .filter(([, home]) => !home.split(', ').includes(stage))
    .map(([name, home]) => ({ name, message: `${name} lives in gateway/${home}/ only.` }));

/** A folder that may import what the expression matches and its own files, nothing else. */
const only = (allowed: string) => ({ regex: `^(?!\\./|${allowed})`, message: `May import ${allowed} only.` });

const stageRules = stages.map((stage) => ({
  files: [`gateway/${stage}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: driversOutside(stage),
        patterns: [
          {
            group: [...stages.filter((other) => other !== stage), 'hosting'].map((other) => `../**/${other}/**`),
            message: 'A stage never imports another stage: take what you need as a parameter, gateway.ts wires it.',
          },
          {
            group: ['**/simulator/**', '**/plugins/**'],
            message: 'The gateway does not know its simulator or plugins.',
          },
        ],
      },
    ],
  },
}));

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['dist/**', 'test/fixtures/**'],
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/consistent-type-imports': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default-member': 'off',
    'node/no-process-env': 'error',
    'unicorn/no-process-exit': 'error',
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/prefer-add-event-listener': 'off',
    'unicorn/require-post-message-target-origin': 'off',
    'promise/always-return': 'off',
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    'no-restricted-imports': ['error', { paths: driversOutside('') }],
    'no-restricted-properties': [
      'error',
      { object: 'fs', property: 'writeFileSync', message: 'Use lib/atomic-write.ts.' },
    ],
  },
  overrides: [
    ...stageRules,
    { files: ['contracts/**'], rules: { 'no-restricted-imports': ['error', { patterns: [only('zod$')] }] } },
    {
      files: ['gateway/lib/**', 'gateway/observability/**'],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            paths: driversOutside(''),
            patterns: [{ group: stages.map((stage) => `**/${stage}/**`), message: 'Knows no stage.' }],
          },
        ],
      },
    },
    {
      files: ['plugins/**'],
      rules: {
        'import/no-default-export': 'off',
        'no-restricted-imports': ['error', { patterns: [only('zod$|(\\.\\./)+contracts/index\\.ts$')] }],
      },
    },
    {
      // What Node-RED's own process runs, and the nodes that it loads by their default exports.
      files: ['gateway/flows/runtime/**', 'gateway/flows/palette/**'],
      rules: { 'unicorn/no-process-exit': 'off', 'node/no-process-env': 'off', 'import/no-default-export': 'off' },
    },
    { files: ['gateway/config/**'], rules: { 'node/no-process-env': 'off' } },
    // Aedes calls `then` of what its persistence answers (decision 0221).
    { files: ['gateway/transports/mqtt/aedes-persistence.ts'], rules: { 'unicorn/no-thenable': 'off' } },
    {
      files: ['gateway/main.ts', 'gateway/cli.ts', 'gateway/cli/**', 'simulator/**', 'bench/**', 'scripts/**'],
      rules: { 'unicorn/no-process-exit': 'off', 'no-console': 'off', 'node/no-process-env': 'off' },
    },
    {
      files: ['simulator/**', 'bench/**', 'test/**', 'scripts/**', '*.config.ts', 'gateway/*.ts'],
      rules: { 'no-restricted-imports': 'off', 'import/no-default-export': 'off' },
    },
    { files: ['plugins/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } },
    {
      files: ['test/**', '**/*.test.ts', 'bench/**'],
      rules: {
        'node/no-process-env': 'off',
        'max-lines-per-function': 'off',
        'typescript/no-floating-promises': [
          'error',
          {
            allowForKnownSafeCalls: [
              { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
            ],
          },
        ],
      },
    },
  ],
});
