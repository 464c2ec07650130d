import type { ErrorClass } from './error-classes.ts';

/** What an engineer can do about a device that the cloud refuses, by the cloud's code (Tuya, "Global Error Codes"). */
const byCode: Readonly<Record<string, string>> = {
  '1000': 'The cloud does not know something that the registration names. Check product id and group of the profile.',
  '1100': 'The cloud misses a parameter. Give the device a name and its profile a product id, then try again.',
  '1101': 'The cloud does not take a parameter. Check product id and name of the device, then try again.',
  '1109': 'The cloud does not take a parameter. Check product id and name (4 to 50 characters), then try again.',
  '2001': 'The cloud wants the device online first. Switch it on, see it report, then try again.',
  '2005': 'The product does not exist at the cloud. Check productId of the profile, and the region of the endpoint.',
  '2006': 'The user or asset does not exist at the cloud. Check the group that the project binds devices to.',
  '2007': 'The device token is not valid. Remove the device at the cloud, then try again.',
  '2010': 'The gateway or device is not known at the cloud. Check gatewayProductId, then try again.',
};

const byClass: Readonly<Partial<Record<ErrorClass, string>>> = {
  input: 'The cloud does not take what the registration says. Check profile, product id and name, then try again.',
  unsupported: 'The product does not offer this function at the cloud. Choose another product for the profile.',
};

const otherwise = 'Ask the platform team about this code and the trace id in the reason, then try again.';

/** One or two sentences, never empty. */
export const suggestionFor = (code: string, kind: ErrorClass): string => byCode[code] ?? byClass[kind] ?? otherwise;
