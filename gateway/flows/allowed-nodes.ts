import type { Allowance } from './wire-names.ts';

/** Files of Node-RED's own nodes that are loaded, with the types that each brings; nothing else of `node_modules` is. */
const always: Readonly<Record<string, readonly string[]>> = {
  '05-junction.js': ['junction'],
  '20-inject.js': ['inject'],
  '21-debug.js': ['debug'],
  '24-complete.js': ['complete'],
  '25-catch.js': ['catch'],
  '25-status.js': ['status'],
  '60-link.js': ['link in', 'link out', 'link call'],
  '90-comment.js': ['comment'],
  '91-global-config.js': ['global-config'],
  '98-unknown.js': ['unknown'],
  '10-function.js': ['function'],
  '10-switch.js': ['switch'],
  '15-change.js': ['change'],
  '16-range.js': ['range'],
  '80-template.js': ['template'],
  '89-delay.js': ['delay'],
  '89-trigger.js': ['trigger'],
  'rbe.js': ['rbe'],
  '70-CSV.js': ['csv'],
  '70-HTML.js': ['html'],
  '70-JSON.js': ['json'],
  '70-XML.js': ['xml'],
  '70-YAML.js': ['yaml'],
  '17-split.js': ['split', 'join'],
  '18-sort.js': ['sort'],
  '19-batch.js': ['batch'],
};

export const onlyWith: Readonly<Record<Allowance, Readonly<Record<string, readonly string[]>>>> = {
  network: {
    '05-tls.js': ['tls-config'],
    '06-httpproxy.js': ['http proxy'],
    '10-mqtt.js': ['mqtt-broker', 'mqtt in', 'mqtt out'],
    '21-httprequest.js': ['http request'],
    '22-websocket.js': ['websocket-listener', 'websocket-client', 'websocket in', 'websocket out'],
    '31-tcpin.js': ['tcp in', 'tcp out', 'tcp request'],
    '32-udp.js': ['udp in', 'udp out'],
  },
  files: { '10-file.js': ['file', 'file in'], '23-watch.js': ['watch'] },
  exec: { '90-exec.js': ['exec'] },
};

/** Types of the gateway's own palette; its files have the same names. */
export const paletteTypes = [
  'portcullis-device-in',
  'portcullis-command-out',
  'portcullis-alarm-in',
  'portcullis-alarm-raise',
  'portcullis-history',
  'portcullis-twin-get',
  'portcullis-twin-set',
] as const;
/** Name of the palette's folder, by which Node-RED's list of what may load knows it. */
export const paletteFolder = 'palette';

export function allowedFiles(allow: readonly Allowance[]): readonly string[] {
  return [always, ...allow.map((one) => onlyWith[one])].flatMap((files) => Object.keys(files));
}

/** Types of the nodes that are loaded, the palette's among them. */
export function allowedTypes(allow: readonly Allowance[]): readonly string[] {
  const own = [always, ...allow.map((one) => onlyWith[one])].flatMap((files) => Object.values(files).flat());
  return [...own, ...paletteTypes];
}
