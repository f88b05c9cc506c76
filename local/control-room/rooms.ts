/** The chats that the page offers: those opened on it, and those in which somebody else has written. */
import type { ChatMessage, SimulatedTelegram } from '../contract/index.ts';
import { isCrowd } from './crowd.ts';
import type { Room } from './wire.ts';

/** Chats on the page at most; more would be no help to a person. */
export const MAX_ROOMS = 24;
/** Messages of a chat that a fresh page gets. */
const SHOWN = 100;
const FIRST_CHAT = 1001;
const NAMES = ['You', 'Ada', 'Bruno', 'Chen', 'Dara', 'Emre', 'Freya', 'Goran', 'Hana', 'Ines', 'Jonas', 'Kemi'];

export type Rooms = ReturnType<typeof createRooms>;

export function createRooms(telegram: SimulatedTelegram) {
  const rooms = new Map<number, Room>();

  const nameOf = (index: number): string =>
    (NAMES[index % NAMES.length] ?? 'Guest') + (index < NAMES.length ? '' : ` ${Math.floor(index / NAMES.length) + 1}`);

  const add = (id: number): Room => {
    const room = { id, name: nameOf(rooms.size) };
    rooms.set(id, room);
    return room;
  };

  /** The chat's room; undefined for the crowd's and for those beyond the bound. */
  const roomOf = (chatId: number): Room | undefined =>
    rooms.get(chatId) ?? (isCrowd(chatId) || rooms.size >= MAX_ROOMS ? undefined : add(chatId));

  const open = (): Room | undefined => {
    if (rooms.size >= MAX_ROOMS) return undefined;
    const taken = [...rooms.keys(), ...telegram.chats().filter((id) => !isCrowd(id))];
    const room = add(Math.max(FIRST_CHAT - 1, ...taken) + 1);
    telegram.open(room.id, room.name);
    return room;
  };

  for (const chatId of telegram.chats()) roomOf(chatId);
  if (rooms.size === 0) open();

  return {
    open,
    roomOf,
    has: (chatId: number) => rooms.has(chatId),
    snapshot: (): (Room & { messages: ChatMessage[] })[] =>
      [...rooms.values()].map((room) => ({
        ...room,
        messages: telegram.chats().includes(room.id) ? telegram.messages(room.id).slice(-SHOWN) : [],
      })),
  };
}
