import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readCertificate } from '../config/certificates.ts';
import type { Config } from '../config/schema.ts';
import { keptCertificate } from '../lib/own-certificate.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

const soonMs = 30 * 86_400_000;

/** The certificates that the configuration gives the gateway, and its own: whether they are of this time, and fit their keys. */
export async function checkCertificates({ mqtt, http, dataDir }: Config, nowMs: number): Promise<Finding[]> {
  const given = Object.entries({ 'mqtt.tls': mqtt.tls, 'http.tls': http.tls });
  const findings: Finding[] = [];
  for (const [key, tls] of given) {
    if (tls?.certFile === undefined || tls.keyFile === undefined) continue;
    findings.push(await checkCertificate(key, tls.certFile, tls.keyFile, nowMs));
  }
  const usesOwn = given.some(([, tls]) => tls !== undefined && tls.certFile === undefined);
  return usesOwn ? [...findings, ...(await checkOwnCertificate(join(dataDir, 'tls'), nowMs))] : findings;
}

/** Says nothing where the next start makes one. */
async function checkOwnCertificate(folder: string, nowMs: number): Promise<Finding[]> {
  try {
    const kept = await keptCertificate(folder, nowMs);
    if (kept === undefined) return [];
    const until = new X509Certificate(kept.cert).validToDate.toISOString().slice(0, 10);
    return [ok('certificate', `the gateway's own in ${folder} is valid until ${until}`)];
  } catch (error) {
    const { message } = error as Error;
    return [fail('certificate', message, `Mend what is in ${folder}; the gateway does not start like this.`)];
  }
}

async function checkCertificate(key: string, certFile: string, keyFile: string, nowMs: number): Promise<Finding> {
  const mend = `Have a new certificate made and write it to ${certFile}.`;
  try {
    const { cert } = await readCertificate(certFile, keyFile, key);
    const { validFromDate: from, validToDate: to } = new X509Certificate(cert);
    const day = (time: Date): string => time.toISOString().slice(0, 10);
    if (from.getTime() > nowMs) return fail('certificate', `${key}: ${certFile} is valid from ${day(from)} on`, mend);
    if (to.getTime() <= nowMs) return fail('certificate', `${key}: ${certFile} was valid until ${day(to)}`, mend);
    const says = `${key}: ${certFile} is valid until ${day(to)}`;
    return to.getTime() - nowMs < soonMs ? warn('certificate', says, mend) : ok('certificate', says);
  } catch (error) {
    const { message } = error as Error;
    return fail('certificate', message, 'Write certificate and key there in PEM, or name files that belong together.');
  }
}
