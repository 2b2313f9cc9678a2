// SPDX-License-Identifier: Apache-2.0

// The list of devices, a page at a time.

import {$, el, pill, rows, setAttribute, setPill, setText} from './dom.js';
import {shownDevice} from './detail.js';

const perPage = 50;
const states = ['off', 'starting', 'waiting', 'connecting', 'failed', 'connected', 'lost', 'idle'];

let offset = 0;
let total = 0;

$('state').append(...states.map(state => el('option', {value: state}, state)));

const changed = () => document.dispatchEvent(new Event('changed'));

for (const id of ['prefix', 'state']) {
  $(id).addEventListener('input', () => { offset = 0; changed(); });
}
$('filter').addEventListener('submit', event => event.preventDefault());
$('earlier').addEventListener('click', () => { offset = Math.max(0, offset - perPage); changed(); });
$('later').addEventListener('click', () => { offset += perPage; changed(); });

export function listQuery() {
  return new URLSearchParams({prefix: $('prefix').value, state: $('state').value, offset, limit: perPage});
}

function makeRow() {
  return el('li', {}, el('button', {type: 'button', class: 'row', tabindex: '-1', onclick: event => {
    location.hash = new URLSearchParams({device: event.currentTarget.dataset.device});
  }}, el('span', {class: 'name'}), pill('off'), el('span', {class: 'quiet'})));
}

function updateRow(li, d) {
  const button = li.firstElementChild;
  const [name, state, about] = button.children;
  button.dataset.device = d.name;
  setText(name, d.name);
  setPill(state, d.state);
  const network = d.network && (d.ip ? `in ${d.network}` : `wants ${d.network}`);
  setText(about, [d.transport, `security ${d.security}`, network, d.faults && `faults: ${d.faults}`].filter(Boolean).join(' · '));
  if (d.name === shownDevice()) setAttribute(button, 'aria-current', 'true');
  else button.removeAttribute('aria-current');
}

export function showDevices(part) {
  total = part.total;
  if (part.devices.length === 0 && offset > 0) { // the filter left fewer
    offset = 0;
    changed();
  }
  rows($('devices'), part.devices, makeRow, updateRow);
  oneStop();
  setText($('total'), total === 1 ? '1 device' : `${total} devices`);
  $('none').hidden = total > 0;
  $('pager').hidden = total <= perPage;
  setText($('range'), `${offset + 1} to ${offset + part.devices.length} of ${total}`);
  $('earlier').disabled = offset === 0;
  $('later').disabled = offset + perPage >= total;
}

// The list is one stop of the Tab key; arrows move in it.
const buttons = () => [...$('devices').querySelectorAll('button')];

function oneStop() {
  const all = buttons();
  const stop = all.find(b => b === document.activeElement) ?? all.find(b => b.ariaCurrent === 'true') ?? all[0];
  for (const b of all) setAttribute(b, 'tabindex', b === stop ? '0' : '-1');
}

$('devices').addEventListener('keydown', event => {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1}[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  all[Math.min(Math.max(to, 0), all.length - 1)].focus();
  oneStop();
});
