/**
 * The name that this browser's messages are signed with: a proposal at first, then whatever the reader types.
 *
 * @module
 */

import { MAX_AUTHOR_LENGTH } from 'public/channels.js';
import { byId } from './dom.js';

const STORAGE_KEY = 'realtime-demo-author';

const MOODS = ['Calm', 'Curious', 'Gentle', 'Lucky', 'Merry', 'Patient', 'Quick', 'Quiet', 'Sunny', 'Witty'];
const ANIMALS = ['Badger', 'Crane', 'Finch', 'Fox', 'Hare', 'Lynx', 'Otter', 'Owl', 'Robin', 'Wren'];

const input = byId('author', HTMLInputElement);

/** Fills the name field and remembers what is typed there. */
export function startAuthor() {
  input.maxLength = MAX_AUTHOR_LENGTH;
  input.value = localStorage.getItem(STORAGE_KEY) ?? propose();
  remember();
  input.addEventListener('change', () => {
    if (input.value.trim() === '') input.value = propose();
    remember();
  });
}

/** The name as it is now; never empty. */
export function author() {
  return input.value.trim() || propose();
}

function remember() {
  localStorage.setItem(STORAGE_KEY, author());
}

function propose() {
  return `${anyOf(MOODS)} ${anyOf(ANIMALS)}`;
}

/** @param {readonly string[]} words */
function anyOf(words) {
  return words[Math.floor(Math.random() * words.length)] ?? 'Someone';
}
