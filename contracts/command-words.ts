/** Which argument of the commands that plugins share sets which word (`command-args.ts`). */
export const commandWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  light: { brightness: 'light.brightness', color_temp: 'light.color_temp', on: 'switch.state' },
  switch: { on: 'switch.state' },
  cover: { position: 'position' },
  setpoint: { celsius: 'setpoint.heat' },
};
