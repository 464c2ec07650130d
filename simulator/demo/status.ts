/** What the gateway says of itself: sums over its sinks, and totals since it was first started. */
export interface GatewayFigures {
  readonly devices: number;
  /** Of those, the ones that the cloud has taken. */
  readonly activated: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly buffered: number;
  /** Repeated, unchanged, or rolled up: left out on purpose. */
  readonly filtered: number;
  readonly expired: number;
  readonly evicted: number;
  readonly deadLettered: number;
  readonly balanced: boolean;
  /** Records ingested since the process started. */
  readonly ingested: number;
  /** Records that the cloud accepted since the process started. */
  readonly deliveredNow: number;
  /** Of those, what only describes a device: the cloud registers a device and takes no description. */
  readonly descriptions: number;
}

/** What the sink takes and does not report: words of a device about itself, and of the registry about it. */
const descriptions = ['description', 'registry'].map(
  (reason) => `portcullis_dropped_total{stage="delivery",reason="${reason}"}`,
);

type Amount = 'accepted' | 'delivered' | 'buffered' | 'filtered' | 'expired' | 'evicted' | 'deadLettered';

interface LedgerAnswer {
  readonly balanced: boolean;
  readonly sinks: readonly Record<Amount, number>[];
}

/** Sums the samples of one counter in Prometheus text format, whatever their labels. */
export function sumOfCounter(text: string, name: string): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const follows = line.charAt(name.length);
    if (line.startsWith(name) && (follows === ' ' || follows === '{')) sum += Number(line.slice(line.lastIndexOf(' ')));
  }
  return sum;
}

async function get(httpPort: number, path: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`, { signal });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer;
}

/** Reads ledger, devices and metrics; rejects when the gateway does not answer within `timeoutMs`. */
export async function readFigures(httpPort: number, timeoutMs = 2000): Promise<GatewayFigures> {
  const signal = AbortSignal.timeout(timeoutMs);
  const devicesOf = async (filter: string): Promise<number> => {
    const answer = await get(httpPort, `/api/v1/devices?limit=1${filter}`, signal);
    return ((await answer.json()) as { total: number }).total;
  };
  const [ledger, devices, activated, metrics] = await Promise.all([
    get(httpPort, '/api/v1/ledger', signal).then((answer) => answer.json() as Promise<LedgerAnswer>),
    devicesOf(''),
    devicesOf('&lifeCycle=ACTIVATED'),
    get(httpPort, '/metrics', signal).then((answer) => answer.text()),
  ]);
  const sum = (name: Amount): number => ledger.sinks.reduce((total, sink) => total + sink[name], 0);
  return {
    devices,
    activated,
    accepted: sum('accepted'),
    delivered: sum('delivered'),
    buffered: sum('buffered'),
    filtered: sum('filtered'),
    expired: sum('expired'),
    evicted: sum('evicted'),
    deadLettered: sum('deadLettered'),
    balanced: ledger.balanced,
    ingested: sumOfCounter(metrics, 'portcullis_ingested_records_total'),
    deliveredNow: sumOfCounter(metrics, 'portcullis_delivered_records_total'),
    descriptions: descriptions.reduce((total, name) => total + sumOfCounter(metrics, name), 0),
  };
}

export interface Sample {
  readonly monoMs: number;
  readonly ingested: number;
}

/** Messages per second over the samples, oldest first; 0 while there is only one. */
export function rateOver(samples: readonly Sample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.monoMs <= first.monoMs) return 0;
  return (Math.max(0, last.ingested - first.ingested) * 1000) / (last.monoMs - first.monoMs);
}

const tick = (balanced: boolean): string => `ledger balanced ${balanced ? '✓' : '✗'}`;

/** The live line, in fewer words when `columns` are few. `undefined` figures: the gateway did not answer this time. */
export function statusLine(figures: GatewayFigures | undefined, perSecond: number, columns = Infinity): string {
  if (!figures) return 'portcullis  the gateway does not answer';
  const { devices, activated, buffered, delivered, deadLettered, balanced } = figures;
  const parts = [
    `${perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0)} msg/s`,
    `buffered ${buffered}`,
    `delivered ${delivered}`,
    `dead-lettered ${deadLettered}`,
    tick(balanced),
  ];
  const line = `portcullis  ${devices} devices (${activated} activated)  ${parts.join('  ')}`;
  return line.length < columns ? line : [`${devices} devices`, ...parts].join(' ').replace('ledger balanced', 'ledger');
}

/** What the gateway says it delivered in this run beside what the cloud counted. */
function comparison({ deliveredNow, descriptions }: GatewayFigures, received: number): string {
  const told = `the cloud took ${received} reports`;
  if (deliveredNow === received) return `${told} ✓`;
  if (deliveredNow === received + descriptions) {
    return `${told}, and ${descriptions} records only described a device, which it registers ✓`;
  }
  return `${told}, but in this run the gateway delivered ${deliveredNow - descriptions} ✗`;
}

/** The one line at the end. */
export function summaryLine(figures: GatewayFigures | undefined, seconds: number, received: number): string {
  const time = `Stopped after ${Math.round(seconds)} s`;
  if (!figures) return `${time}; the gateway gave no last figures, the cloud took ${received} reports.`;
  const { accepted, delivered, buffered, filtered, expired, evicted, deadLettered, balanced } = figures;
  const usual = `${delivered} delivered + ${buffered} buffered + ${filtered} filtered + ${deadLettered} dead-lettered`;
  const rare = (expired > 0 ? ` + ${expired} expired` : '') + (evicted > 0 ? ` + ${evicted} evicted` : '');
  return `${time}: ${accepted} accepted = ${usual}${rare}, ${tick(balanced)}; ${comparison(figures, received)}.`;
}
