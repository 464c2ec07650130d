import type { Contact } from '../../contracts/contacts.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import { contactWrite } from './tables.ts';

/** How people and groups are told. A change resolves after its commit. */
export interface ContactBook {
  contacts(): readonly Contact[];
  /** Adds one, or takes the place of the one with this name. Rejects with COMMAND_INVALID for a channel that is not configured. */
  putContact(contact: Contact): Promise<Contact>;
  /** Rejects with NOT_FOUND. */
  dropContact(name: string): Promise<Contact>;
}

interface BookParts {
  readonly store: TableStore;
  readonly maxContacts: number;
  readonly channelNames: ReadonlySet<string>;
}

export function contactBook(
  contacts: Map<string, Contact>,
  { store, maxContacts, channelNames }: BookParts,
): ContactBook {
  return {
    contacts: () => [...contacts.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    async putContact(contact) {
      const unknown = contact.ways.find(({ channel }) => !channelNames.has(channel));
      if (unknown !== undefined) {
        const known = [...channelNames].join(', ') || 'none';
        const sentence = `There is no channel "${unknown.channel}". In notify.channels of the configuration: ${known}.`;
        throw new PortcullisError('COMMAND_INVALID', sentence);
      }
      if (!contacts.has(contact.name) && contacts.size >= maxContacts) {
        throw new PortcullisError('REGISTRY_FULL', `There are ${maxContacts} contacts. Remove one first.`);
      }
      await store.write([contactWrite(contact)]);
      contacts.set(contact.name, contact);
      return contact;
    },
    async dropContact(name) {
      const contact = contacts.get(name);
      if (contact === undefined) throw new PortcullisError('NOT_FOUND', `There is no contact "${name}".`);
      await store.write([{ statement: 'notify.dropContact', params: [name] }]);
      contacts.delete(name);
      return contact;
    },
  };
}
