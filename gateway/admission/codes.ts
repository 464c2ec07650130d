/**
 * Every violation that an admission can report: what it means and what to do about it. SARIF carries these as rule
 * help, so the sentences are written for the person who has to act. Families: C contract, S structure, D imports and
 * dependencies, H host, E environment and secrets, P permissions, I integrity, R run time.
 */
export const violationTable = {
  'PC-C101': {
    means: 'The contract, manifest, policy or host file is wrong.',
    help: 'Correct the file at the line named.',
  },
  'PC-C199': {
    means: 'The checker itself failed; details are withheld.',
    help: 'Report the failure. The plugin was not admitted.',
  },
  'PC-S001': {
    means: 'The source is unreadable or does not parse.',
    help: 'Correct the syntax, or name the right entry file.',
  },
  'PC-S101': { means: 'An export or a member is missing.', help: 'Export the member that the contract names.' },
  'PC-S102': {
    means: 'A member is present but different from the contract.',
    help: 'Change the code, or have the contract reviewed and changed.',
  },
  'PC-S103': {
    means: 'The shape cannot be known without running the code.',
    help: 'Write the export as a plain declaration with explicit types, or set deferToLive in the contract.',
  },
  'PC-S104': {
    means: 'An export is not in the contract, whose export policy is closed.',
    help: 'Remove the export or add it to the contract.',
  },
  'PC-S105': {
    means: 'The module namespace is thenable, so importing it would run the plugin.',
    help: 'Do not export anything named "then".',
  },
  'PC-S106': {
    means: 'The module has an effect when it is loaded.',
    help: 'Move the effect into a function that the gateway calls.',
  },
  'PC-S107': {
    means: 'The API surface differs from the committed digest.',
    help: 'Have the change of the API reviewed, then commit the new digest.',
  },
  'PC-D101': {
    means: 'A Node builtin, or a member of one, is not allowed.',
    help: 'Remove the import, or add it to imports.builtins.',
  },
  'PC-D102': {
    means: 'A specifier does not resolve.',
    help: 'Ship the module inside the package, or correct the specifier.',
  },
  'PC-D103': {
    means: 'A required dependency is absent.',
    help: 'Import and ship the dependency that the contract requires.',
  },
  'PC-D104': {
    means: 'A dependency has a version outside the range.',
    help: 'Install a version that the contract allows.',
  },
  'PC-D105': {
    means: 'A package is used but not declared in package.json.',
    help: 'Declare the dependency in package.json.',
  },
  'PC-D106': {
    means: 'The origin of a package differs: fork, VCS or local folder.',
    help: 'Install the package from the registry, or record a waiver.',
  },
  'PC-D107': {
    means: 'A dynamic import is computed.',
    help: 'Import a literal specifier.',
  },
  'PC-D108': {
    means: 'A package is not listed in the contract.',
    help: 'Remove the import, or add the package to imports.packages.',
  },
  'PC-D109': {
    means: 'The code escapes the import rules: eval, Function, createRequire, data: and the like.',
    help: 'Remove the pattern; there is no grant for it in a plugin.',
  },
  'PC-D110': {
    means: 'A path leaves the package root.',
    help: 'Import only files inside the package; replace symbolic links by files.',
  },
  'PC-D111': {
    means: 'An install script or a native addon is in the closure.',
    help: 'Use a package without install scripts and addons; hardware is reached through handles.',
  },
  'PC-H104': {
    means: 'No deployment of the contract matches this host.',
    help: 'Run the plugin on a host that the contract names, or have the contract extended.',
  },
  'PC-E101': {
    means: 'An environment variable is missing.',
    help: 'Set it under plugins.variables in the configuration.',
  },
  'PC-E102': {
    means: 'An environment variable has another value than the contract wants.',
    help: 'Set the variable to a value that the contract allows.',
  },
  'PC-E103': {
    means: 'A secret is missing.',
    help: 'Put it into a file that plugins.secrets of the configuration names.',
  },
  'PC-E104': { means: 'A secret has the wrong form.', help: 'Check the secret for a wrong or truncated copy.' },
  'PC-P101': {
    means: 'More is asked for than the next layer grants.',
    help: 'Ask for less, or have the policy of the site extended by its operator.',
  },
  'PC-P102': {
    means: 'This host cannot enforce a permission.',
    help: 'Use a host with the isolation named, or drop the permission.',
  },
  'PC-I101': { means: 'A hash differs.', help: 'Get the package again from its vendor.' },
  'PC-I102': { means: 'A file is not declared in MANIFEST.json.', help: 'Remove the file, or pack the plugin again.' },
  'PC-I105': {
    means: 'A signature, provenance or evidence is missing or not verified.',
    help: 'Sign the package with a key that this site trusts, or provide the evidence.',
  },
  'PC-I106': {
    means: 'The container image differs from its digest, platform or user.',
    help: 'Use the image that the contract pins.',
  },
  'PC-R201': {
    means: 'The plugin threw or exited while it was loaded; its text is withheld.',
    help: 'Ask the vendor; run the plugin under its own tests.',
  },
  'PC-R202': { means: 'The start-up deadline passed.', help: 'Ask the vendor why loading takes so long.' },
  'PC-R203': { means: 'The live shape differs from the static one.', help: 'Do not trust this plugin.' },
  'PC-R204': { means: 'A value breaks its schema.', help: 'Compare the device with the plugin version.' },
  'PC-R205': { means: 'Loading changed globals.', help: 'Remove the dependency that patches globals.' },
  'PC-R206': {
    means: 'An example of the contract gives another result.',
    help: 'Use a version that keeps its contract, or have the example reviewed and changed.',
  },
  'PC-R207': {
    means: 'A handle was asked for something that the contract does not grant.',
    help: 'Have the contract extended, or stop the plugin from asking.',
  },
  'PC-R208': {
    means: 'A host is at a private or local address that the contract does not name.',
    help: 'Name the address or its subnet in permissions.network.outbound, when it is meant.',
  },
  'PC-R209': {
    means: 'A handle was asked for too much: size, rate, or number at a time.',
    help: 'Ask less often or for less; the limits stand in docs/queues.md.',
  },
  'PC-R210': {
    means: 'There is no such handle: never lent, given back, revoked, or without a transport here.',
    help: 'Ask for the handle again, or install the transport.',
  },
  'PC-R211': {
    means: 'What a handle did for the plugin failed on the far side.',
    help: 'Check the device or host that the plugin talks to.',
  },
  'PC-R212': {
    means: 'The plugin used more memory or CPU time than its contract grants.',
    help: 'Use a version that needs less, or have resources in the contract reviewed and changed.',
  },
  'PC-R213': {
    means: 'The plugin is quarantined for what it did when it ran.',
    help: 'Install another version, or release it with "portcullis plugin release NAME" when the cause is known.',
  },
} as const satisfies Record<string, { means: string; help: string }>;

export type ViolationCode = keyof typeof violationTable;
