/**
 * Part 3: an open, a members-only and an admins-only resource, and the switch of identity.
 *
 * @module
 */

import { CLUB_ADMINS, CLUB_MEMBERS, CLUB_OPEN, spell } from 'public/channels.js';
import { startComposer } from './composer.js';
import { byId, find, make, stamp } from './dom.js';
import { become, ownId, refreshIdentity, watchIdentity } from './identity.js';
import { listen } from './live.js';
import { MessageLog } from './log.js';

/**
 * @typedef {import('public/channels.js').Channel} Channel
 * @typedef {import('./identity.js').IdentityType} IdentityType
 * @typedef {import('./live.js').ListenerState} ListenerState
 */

/** @type {{ channel: Channel, title: string, rule: string }[]} */
const ROOMS = [
  { channel: CLUB_OPEN, title: 'Open', rule: 'Everyone may listen.' },
  { channel: CLUB_MEMBERS, title: 'Members', rule: 'Members and admins may listen.' },
  { channel: CLUB_ADMINS, title: 'Admins', rule: 'Only admins may listen.' },
];

/** Starts part 3. */
export function startClub() {
  byId('club', HTMLElement).replaceChildren(...ROOMS.map(paneOf));
  startComposer(
    byId('club-form', HTMLFormElement),
    ROOMS.map(({ channel }) => channel),
  );
  startSwitch(byId('identity-switch', HTMLFieldSetElement));
}

/** @param {typeof ROOMS[number]} room */
function paneOf({ channel, title, rule }) {
  const pane = stamp('room-template');
  const log = new MessageLog(find(pane, '.log', HTMLElement));
  find(pane, 'h3', HTMLElement).textContent = title;
  find(pane, '.name', HTMLElement).textContent = spell(channel);
  find(pane, '.rule', HTMLElement).textContent = rule;
  find(pane, '.log', HTMLElement).setAttribute('aria-label', `Messages on ${spell(channel)}`);
  pane.dataset.channel = spell(channel);
  listen({
    channel,
    onMessage: (message) => log.add(message, ownId()),
    onState: (state) => showState(pane, state),
  });
  return pane;
}

/**
 * @param {HTMLElement} pane
 * @param {ListenerState} state
 */
function showState(pane, state) {
  pane.dataset.state = state.kind;
  find(pane, '.badge', HTMLElement).textContent = {
    waiting: 'Asking…',
    listening: 'Listening',
    refused: 'Refused',
  }[state.kind];
  const refusal = find(pane, '.refusal', HTMLElement);
  refusal.hidden = state.kind !== 'refused';
  if (state.kind !== 'refused') return;
  const { errorCode, message } = state.error;
  refusal.replaceChildren(make('code', '', `errorCode ${errorCode}`), make('span', 'message', message));
}

/** @param {HTMLFieldSetElement} fieldset */
function startSwitch(fieldset) {
  const radios = [...fieldset.querySelectorAll('input')];
  const who = byId('who', HTMLElement);
  const problem = byId('identity-problem', HTMLElement);

  watchIdentity(({ id, type }) => {
    for (const radio of radios) radio.checked = radio.value === type;
    who.textContent = id;
  });

  let switching = Promise.resolve();
  fieldset.addEventListener('change', (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    switching = switching.then(() => switchTo(/** @type {IdentityType} */ (value), problem));
  });
}

/**
 * @param {IdentityType} type
 * @param {HTMLElement} problem
 */
async function switchTo(type, problem) {
  try {
    await become(type);
    problem.textContent = '';
  } catch (error) {
    problem.textContent = `Identity not changed: ${/** @type {Error} */ (error).message}`;
    await refreshIdentity().catch(() => undefined);
  }
}
