// What a plugin author imports. The gateway's stages import the files beside this one directly.
export * from './errors.ts';
export * from './message.ts';
export * from './plugin.ts';
export * from './plugin-handles.ts';
export * from './metric-words.ts';
export * from './units.ts';
export * from './gathering.ts';
export * from './modbus-frame.ts';
export * from './payload.ts';
export * from './command-args.ts';
export * from './command-proof.ts';
