// SPDX-License-Identifier: Apache-2.0

// The networks of the air.

import {$, act, call, el, rows, setAttribute, setText} from './dom.js';

const path = n => 'v1/networks/' + encodeURIComponent(n.bssid);

const name = n => n.ssid || '(no name)';

function makeRow() {
  const row = {};
  const li = el('li', {class: 'network'},
    el('span', {class: 'name'}), el('span', {class: 'quiet'}),
    el('button', {type: 'button', class: 'kick', onclick: () => act(
      answer => `${answer.stations} devices lost their link to ${name(row.network)}.`,
      () => call('POST', path(row.network) + '/kick', {}))}, 'Kick'),
    el('button', {type: 'button', class: 'air', onclick: () => act(
      n => n.on_air ? `${name(n)} is on the air.` : `${name(n)} has vanished.`,
      () => call('POST', path(row.network) + (row.network.on_air ? '/vanish' : '/appear'), {}))}));
  li.row = row;
  return li;
}

function updateRow(li, n) {
  li.row.network = n;
  li.classList.toggle('absent', !n.on_air);
  const [title, about, kick, air] = li.children;
  setText(title, name(n));
  const stations = n.stations === 1 ? '1 device' : `${n.stations} devices`;
  setText(about, [n.on_air ? null : 'not on the air', n.auth, `channel ${n.channel}`, `${n.rssi} dBm`.replace('-', '−'), stations].filter(Boolean).join(' · '));
  kick.disabled = n.stations === 0;
  setAttribute(kick, 'aria-label', `Kick all devices out of ${name(n)}`);
  setText(air, n.on_air ? 'Vanish' : 'Appear');
  setAttribute(air, 'aria-label', `Let ${name(n)} ${n.on_air ? 'vanish' : 'appear'}`);
}

export function showNetworks(networks) {
  rows($('networks'), networks, makeRow, updateRow);
}

$('add-network').addEventListener('submit', async event => {
  event.preventDefault();
  const form = event.target;
  const {ssid, passphrase, channel, rssi} = Object.fromEntries(new FormData(form));
  const body = {ssid, channel: Number(channel), rssi: Number(rssi)};
  if (passphrase) body.passphrase = passphrase;
  if (await act(`${ssid} is on the air.`, () => call('POST', 'v1/networks', body))) form.reset();
});
