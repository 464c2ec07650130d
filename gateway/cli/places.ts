import { PortcullisError } from '../../contracts/errors.ts';
import { call, type GatewayOptions } from './call-gateway.ts';

export interface Place {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly version: number;
}

export async function listPlaces(options: GatewayOptions): Promise<readonly Place[]> {
  return (await call<{ places: Place[] }>(options, 'GET', '/api/v1/places')).places;
}

/** A place by the path that people use, or by its id. */
export async function placeAt(options: GatewayOptions, pathOrId: string): Promise<Place> {
  const place = (await listPlaces(options)).find(({ id, path }) => path === pathOrId || id === pathOrId);
  if (place !== undefined) return place;
  throw new PortcullisError(
    'NOT_FOUND',
    `There is no place "${pathOrId}". "portcullis place list" shows what there is.`,
  );
}
