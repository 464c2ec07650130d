import type { EventEmitter } from 'node:events';
import type { TestContext } from 'node:test';
import { ServerSerial } from 'modbus-serial';

/** A station whose tables a test can look into; an address without value answers with exception 2. */
export interface ModbusSlave {
  readonly input: Map<number, number>;
  readonly holding: Map<number, number>;
  readonly coils: Map<number, boolean>;
}

/** Stations of an implementation of Modbus that is not ours, on the given device node, one per number. */
export async function modbusSlave(t: TestContext, path: string, unitID: number): Promise<ModbusSlave> {
  const tables: ModbusSlave = { input: new Map(), holding: new Map(), coils: new Map() };
  const value = <Value>(table: ReadonlyMap<number, Value>, address: number): Promise<Value> => {
    const found = table.get(address);
    return found === undefined
      ? Promise.reject(Object.assign(new Error('no such address'), { modbusErrorCode: 2 }))
      : Promise.resolve(found);
  };
  const server = new ServerSerial(
    {
      getInputRegister: (address: number) => value(tables.input, address),
      getHoldingRegister: (address: number) => value(tables.holding, address),
      getCoil: (address: number) => value(tables.coils, address),
      setRegister: async (address: number, to: number) => {
        await value(tables.holding, address);
        tables.holding.set(address, to);
      },
      setCoil: async (address: number, to: boolean) => {
        await value(tables.coils, address);
        tables.coils.set(address, to);
      },
    },
    { path, baudRate: 9600, unitID },
  );
  server.on('error', () => undefined);
  // The cable may be pulled in the middle of an answer.
  (server as unknown as { getPort(): EventEmitter }).getPort().on('error', () => undefined);
  server.on('socketError', () => undefined);
  await new Promise<void>((resolve) => server.on('initialized', () => resolve()));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return tables;
}
