import { readProducts } from '../config/products-file.ts';
import { endpointOf, environmentOf, hosts, isLoopback, type TuyaConfig } from '../config/tuya-schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Whether environment, region, endpoint and what is asked of the cloud belong together. No call is made. */
export function checkEnvironment(tuya: TuyaConfig): Finding[] {
  const { hostname } = new URL(endpointOf(tuya));
  const environment = environmentOf(tuya);
  const findings: Finding[] = [];
  const local = isLoopback(hostname);
  if (local !== (environment === 'dev')) {
    const says = local
      ? `environment ${environment} goes to ${hostname}, the local cloud`
      : `environment dev goes to ${hostname}, which is not this machine`;
    findings.push(
      fail('cloud environment', says, 'Correct cloud.tuya.environment, or cloud.tuya.endpoint and region.'),
    );
  } else findings.push(ok('cloud environment', `${environment}, ${hostname}`));
  const centre = Object.entries(hosts).find(([, host]) => host === hostname)?.[0];
  if (centre !== undefined && tuya.region !== undefined && centre !== tuya.region) {
    const says = `region ${tuya.region}, but ${hostname} is region ${centre}: a key of another region fails like a wrong one`;
    findings.push(fail('cloud region', says, 'Leave cloud.tuya.endpoint or cloud.tuya.region out.'));
  }
  const extras = (['batch', 'longPoll'] as const).filter((key) => tuya[key]);
  if (centre !== undefined && extras.length > 0) {
    const says = `${extras.map((key) => `cloud.tuya.${key}`).join(' and ')}: the vendor's cloud has no such call`;
    findings.push(warn('cloud calls', says, 'Set it to false; only the local cloud and compatible ones have it.'));
  }
  return findings;
}

/** The file with the products of device profiles. */
export async function checkProducts({ products }: TuyaConfig): Promise<Finding[]> {
  if (products === undefined) return [];
  try {
    const count = Object.keys(await readProducts(products)).length;
    return [ok('cloud products', `${products} has the products of ${count} profiles`)];
  } catch (error) {
    return [fail('cloud products', (error as Error).message, 'Correct the file; docs/tuya.md shows one.')];
  }
}
